// The official npm package, by the runtime's own WebSocket (FLAVOUR native) or by the package ws.
// It speaks TLS only: URL_ is https.

import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { OpenAIRealtimeWebSocket } from 'openai/realtime/websocket';
import * as scenes from './scenes.mjs';

class Talk {
  events = new scenes.Events();
  soundBytes = 0;

  constructor() {
    const client = new OpenAI({ apiKey: scenes.KEY, baseURL: scenes.URL_.replace(/\/realtime$/, '') });
    const Socket = scenes.FLAVOUR === 'native' ? OpenAIRealtimeWebSocket : OpenAIRealtimeWS;
    this.wire = new Socket({ model: 'gpt-realtime' }, client);
    this.wire.on('event', (event) => {
      if (event.type === 'response.output_audio.delta') this.soundBytes += Buffer.from(event.delta, 'base64').length;
      this.events.put(event);
    });
    this.wire.on('error', (error) => this.events.put(error));
  }

  until(name) {
    return this.events.until((event) => event.type === name);
  }

  async configure(turnDetection, format) {
    await this.until('session.created');
    const tool = {
      type: 'function',
      name: 'set_device',
      description: scenes.DESCRIPTION,
      parameters: scenes.PARAMETERS,
    };
    const audio = { input: { turn_detection: turnDetection, format }, output: { format } };
    const session = { type: 'realtime', instructions: scenes.INSTRUCTIONS, tools: [tool], audio };
    this.wire.send({ type: 'session.update', session });
    await this.until('session.updated');
  }

  async answer() {
    return (await this.until('response.done')).response;
  }

  type(text) {
    const content = [{ type: 'input_text', text }];
    this.wire.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } });
    this.wire.send({ type: 'response.create' });
  }

  say(sound, bytes = 4800) {
    for (const piece of scenes.pieces(sound, bytes)) {
      this.wire.send({ type: 'input_audio_buffer.append', audio: piece.toString('base64') });
    }
  }

  callTools(response) {
    for (const call of response.output) {
      const output = scenes.switched(JSON.parse(call.arguments));
      const item = { type: 'function_call_output', call_id: call.call_id, output };
      this.wire.send({ type: 'conversation.item.create', item });
    }
    this.wire.send({ type: 'response.create' });
  }

  async runTool(response) {
    this.callTools(response);
    return this.answer();
  }
}

async function talking(scene, turnDetection = null, format = { type: 'audio/pcm', rate: 24000 }) {
  const talk = new Talk();
  try {
    await talk.configure(turnDetection, format);
    return await scene(talk);
  } finally {
    talk.wire.close();
  }
}

await scenes.play({
  text: () =>
    talking(async (talk) => {
      talk.type(scenes.QUESTION);
      scenes.checkHelp(scenes.wordsOf(await talk.answer()));
    }),
  push_to_talk: () =>
    talking(async (talk) => {
      talk.say(scenes.speech());
      talk.wire.send({ type: 'input_audio_buffer.commit' });
      talk.wire.send({ type: 'response.create' });
      scenes.checkLampIsOn(scenes.wordsOf(await talk.runTool(await talk.answer())));
    }),
  voice_and_tool: () =>
    talking(async (talk) => {
      talk.say(scenes.speech());
      scenes.checkLampIsOn(scenes.wordsOf(await talk.runTool(await talk.answer())));
    }, scenes.VAD),
  interruption: () =>
    talking(async (talk) => {
      talk.type(scenes.LONG);
      talk.callTools(await talk.answer());
      await talk.until('response.output_audio.delta');
      scenes.interrupted();
      talk.say(scenes.speech());
      const cut = await talk.answer();
      scenes.check(cut.status_details?.reason === 'turn_detected', `the answer was ${cut.status}`);
      scenes.checkLampIsOn(scenes.wordsOf(await talk.runTool(await talk.answer())));
    }, scenes.VAD),
  g711: () =>
    talking(
      async (talk) => {
        talk.say(scenes.speech('ulaw'), 800);
        const done = await talk.runTool(await talk.answer());
        scenes.checkLampIsOn(scenes.wordsOf(done));
        const ms = talk.soundBytes / scenes.G711_MS;
        scenes.check(ms > 300 && ms < 5000, `the answer lasted ${ms} ms`);
      },
      scenes.VAD,
      { type: 'audio/pcmu' },
    ),
});
