// Drives a turn the way agent-lab drives its own: users who each begin their next turn as soon as
// the one before has ended.
//
// Usage of a peer: node PEER.mjs PORT USERS MEASURED_MS WARM_UP_MS
//
// Prints one line of JSON: turns_per_s, p50_ms, p99_ms, cpu_ms_per_turn, rss_mb, turns, wrong, what.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const [port, users, measuredMs, warmUpMs] = process.argv.slice(2).map(Number);

export const baseUrl = `http://127.0.0.1:${port}/v1`;
export const model = 'stub';
export const question = 'What is the weather in Oslo?';
export const instructions = 'You help with the weather. Use your tool.';
export const toolName = 'get_weather';
export const toolDescription = 'Says what the weather is in a city.';
export const toolAnswer = (city) =>
  `It is mild and dry in ${city}, with a light wind from the west.`;

const words = ['It ', 'is ', 'mild ', 'in Zürich, ', '東京 ', 'and ', 'dry ', '🌤 '];
const answer = Array.from({ length: 16 }, (_, i) => words[i % words.length]).join('');

/// "NAME VERSION" of an installed package.
export function versionOf(name) {
  const require = createRequire(import.meta.url);
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return `${name} ${JSON.parse(readFileSync(join(folder, name, 'package.json'))).version}`;
    } catch {
      // Not in this one.
    }
  }
  return `${name} in ${dirname(import.meta.url)}`;
}

function rank(sorted, share) {
  return sorted.length === 0 ? 0 : sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

function cpuMs() {
  const used = process.cpuUsage();
  return (used.user + used.system) / 1000;
}

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/// `turn(user)` resolves to the text of the answer.
export async function drive(what, turn) {
  const countsFrom = performance.now() + warmUpMs;
  const ends = countsFrom + measuredMs;
  const took = [];
  let wrong = 0;
  let why = '';
  const user = async (number) => {
    while (performance.now() < ends && wrong <= 100) {
      const begun = performance.now();
      let said;
      try {
        said = await turn(number);
      } catch (failure) {
        said = `failed: ${failure?.stack ?? failure}`;
      }
      const now = performance.now();
      if (said.trim() !== answer.trim()) {
        ++wrong;
        why = said;
      } else if (now >= countsFrom && now < ends) {
        took.push(now - begun);
      }
    }
  };
  const all = Promise.all(Array.from({ length: users }, (_, i) => user(i)));
  await later(warmUpMs);
  const before = cpuMs();
  await later(Math.max(0, ends - performance.now()));
  const cpu = cpuMs() - before;
  await all;
  took.sort((a, b) => a - b);
  const line = {
    turns_per_s: took.length / (measuredMs / 1000),
    p50_ms: rank(took, 0.5),
    p99_ms: rank(took, 0.99),
    cpu_ms_per_turn: took.length === 0 ? 0 : cpu / took.length,
    rss_mb: process.resourceUsage().maxRSS * 1024 / 1e6,
    turns: took.length,
    wrong,
    what: wrong > 0 ? why : `${what}, Node ${process.versions.node}`,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`, () => process.exit(0));
}
