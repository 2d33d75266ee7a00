// What the drivers for Node have in common: see scenes.py. Called as `DRIVER URL KEY FOLDER FLAVOUR`.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const [URL_, KEY, FOLDER, FLAVOUR] = process.argv.slice(2);
export const QUESTION = 'what can you do';
export const LONG = 'turn off the lamp and the fan';
export const INSTRUCTIONS = 'You switch the lamp and the fan.';
export const DESCRIPTION = 'Switch a device on or off.';
export const DEVICES = ['lamp', 'fan'];
export const STATES = ['on', 'off', 'toggle'];
export const PARAMETERS = {
  type: 'object',
  properties: { device: { type: 'string', enum: DEVICES }, state: { type: 'string', enum: STATES } },
  required: ['device', 'state'],
  additionalProperties: false,
};
export const VAD = { type: 'server_vad', silence_duration_ms: 500 };
export const G711_MS = 8;
const SCENE_MS = 40000;
const runs = [];

export const speech = (kind = 'pcm') => readFileSync(join(FOLDER, `lamp_on.${kind}`));

export function pieces(sound, bytes) {
  const count = Math.ceil(sound.length / bytes);
  return Array.from({ length: count }, (_, index) => sound.subarray(index * bytes, (index + 1) * bytes));
}

export function switched({ device, state }) {
  runs.push(`${device} ${state}`);
  const tale = Array(6).fill(`the ${device} takes a while to tell all about it`).join(', ');
  return state === 'off' ? `The ${device} is off, and ${tale}` : `The ${device} is ${state}.`;
}

export function check(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}

export function interrupted() {
  check(runs.join() === 'lamp off,fan off', `the tool ran ${runs}`);
  runs.length = 0;
}

export function checkHelp(answer) {
  check(answer.toLowerCase().includes('lamp'), `the answer was ${answer}`);
}

export function checkLampIsOn(answer) {
  check(runs.join() === 'lamp on', `the tool ran ${runs}`);
  check(answer.toLowerCase().includes('lamp is on'), `the answer was ${answer}`);
}

export const wordsOf = (response) =>
  response.output
    .flatMap((item) => item.content ?? [])
    .map((part) => part.transcript ?? part.text ?? '')
    .join(' ');

// Events in order, each taken once.
export class Events {
  #waiting = [];
  #wake = () => {};

  put(event) {
    this.#waiting.push(event);
    this.#wake();
  }

  async until(wanted) {
    for (;;) {
      while (this.#waiting.length) {
        const event = this.#waiting.shift();
        if (event instanceof Error) throw event;
        if (wanted(event)) return event;
      }
      await new Promise((resolve) => (this.#wake = resolve));
    }
  }
}

export async function play(scenes) {
  for (const [name, scene] of Object.entries(scenes)) {
    runs.length = 0;
    let told;
    try {
      const late = new Promise((_, reject) => setTimeout(() => reject(new Error('no answer')), SCENE_MS));
      told = { ok: true, detail: (await Promise.race([scene(), late])) ?? '' };
    } catch (error) {
      told = { ok: false, detail: `${error?.stack ?? JSON.stringify(error)}`.slice(0, 600) };
    }
    console.log(JSON.stringify({ scene: name, ...told }));
  }
  process.exit(0);
}
