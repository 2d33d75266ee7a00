// @openai/agents-realtime: its RealtimeSession with a tool of its own and its default model.
// FLAVOUR native: over the runtime's own WebSocket with the subprotocols that the package uses in browsers.

import { OpenAIRealtimeWebSocket, RealtimeAgent, RealtimeSession, tool } from '@openai/agents-realtime';
import * as scenes from './scenes.mjs';

const setDevice = tool({
  name: 'set_device',
  description: scenes.DESCRIPTION,
  parameters: scenes.PARAMETERS,
  strict: true,
  execute: async (args) => scenes.switched(args),
});

function browserSocket({ url, apiKey }) {
  const protocols = ['realtime', `openai-insecure-api-key.${apiKey}`, 'openai-agents-sdk.0.20.0'];
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, protocols);
    socket.onopen = () => resolve(socket);
    socket.onerror = (event) => reject(new Error(`the socket did not open: ${event.message}`));
  });
}

class Talk {
  events = new scenes.Events();
  interruptions = 0;
  soundBytes = 0;

  constructor(turnDetection, format) {
    const agent = new RealtimeAgent({ name: 'house', instructions: scenes.INSTRUCTIONS, tools: [setDevice] });
    const native = scenes.FLAVOUR === 'native';
    const transport = new OpenAIRealtimeWebSocket(
      native ? { createWebSocket: browserSocket, skipOpenEventListeners: true } : {},
    );
    const audio = { input: { format, turnDetection }, output: { format } };
    this.session = new RealtimeSession(agent, { transport, config: { audio }, tracingDisabled: true });
    this.session.on('transport_event', (event) => this.events.put(event));
    this.session.on('audio_interrupted', () => this.interruptions++);
    this.session.on('audio', (event) => {
      this.soundBytes += event.data.byteLength;
      this.events.put({ type: 'sound' });
    });
    this.session.on('error', ({ error }) => this.events.put(new Error(JSON.stringify(error?.error ?? `${error}`))));
  }

  connect() {
    return this.session.connect({ apiKey: scenes.KEY, url: scenes.URL_ });
  }

  async answer(wanted) {
    const done = await this.events.until(
      (event) => event.type === 'response.done' && scenes.wordsOf(event.response).toLowerCase().includes(wanted),
    );
    return scenes.wordsOf(done.response);
  }

  say(sound, bytes = 4800, commit = false) {
    for (const piece of scenes.pieces(sound, bytes)) {
      this.session.sendAudio(piece.buffer.slice(piece.byteOffset, piece.byteOffset + piece.length));
    }
    if (commit) {
      this.session.sendAudio(new ArrayBuffer(2), { commit: true });
      this.session.transport.requestResponse();
    }
  }
}

async function talking(scene, turnDetection = null, format = 'pcm16') {
  const talk = new Talk(turnDetection, format);
  try {
    await talk.connect();
    return await scene(talk);
  } finally {
    talk.session.close();
  }
}

await scenes.play({
  text: () =>
    talking(async (talk) => {
      talk.session.sendMessage(scenes.QUESTION);
      scenes.checkHelp(await talk.answer('can say'));
    }),
  push_to_talk: () =>
    talking(async (talk) => {
      talk.say(scenes.speech(), 4800, true);
      scenes.checkLampIsOn(await talk.answer('lamp'));
    }),
  voice_and_tool: () =>
    talking(async (talk) => {
      talk.say(scenes.speech());
      scenes.checkLampIsOn(await talk.answer('lamp'));
    }, scenes.VAD),
  interruption: () =>
    talking(async (talk) => {
      talk.session.sendMessage(scenes.LONG);
      await talk.events.until((event) => event.type === 'sound');
      scenes.interrupted();
      talk.say(scenes.speech());
      scenes.checkLampIsOn(await talk.answer('lamp is on'));
      scenes.check(talk.interruptions > 0, 'the session did not notice that somebody spoke');
    }, scenes.VAD),
  g711: () =>
    talking(
      async (talk) => {
        talk.say(scenes.speech('ulaw'), 800);
        scenes.checkLampIsOn(await talk.answer('lamp'));
        const ms = talk.soundBytes / scenes.G711_MS;
        scenes.check(ms > 300 && ms < 5000, `the answer lasted ${ms} ms`);
      },
      scenes.VAD,
      'g711_ulaw',
    ),
});
