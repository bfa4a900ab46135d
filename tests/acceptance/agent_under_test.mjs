// Starts the program under test with its data, agents, models and keys in a folder of its own.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const patience = 60_000;

const agents = [
  { name: 'plain', description: 'Says it again.', model: 'stub/echo' },
  {
    name: 'counting',
    description: 'Can calculate.',
    model: 'stub/echo',
    tools: ['calculate'],
  },
  { name: 'failing', description: 'Its model is broken.', model: 'stub/broken' },
];

export const keys = {
  whole: 'whole-key-0123456789',
  restricted: 'restricted-key-0123456789',
  hasty: 'hasty-key-0123456789',
};

const keysFile = {
  keys: [
    { name: 'whole', key_env: 'KEY_WHOLE' },
    { name: 'restricted', key_env: 'KEY_RESTRICTED', agents: ['plain'] },
    { name: 'hasty', key_env: 'KEY_HASTY', requests_per_minute: 1 },
  ],
};

function modelsFile(url) {
  return {
    providers: [{ name: 'stub', url, retry: { attempts_max: 1 }, calls_max: 16 }],
  };
}

function writeSettings(home, stubUrl) {
  const agentsFolder = join(home, 'agents');
  mkdirSync(agentsFolder);
  for (const agent of agents)
    writeFileSync(join(agentsFolder, `${agent.name}.json`), JSON.stringify(agent));
  const models = join(home, 'models.json');
  writeFileSync(models, JSON.stringify(modelsFile(stubUrl)));
  const keyring = join(home, 'keys.json');
  writeFileSync(keyring, JSON.stringify(keysFile));
  return [
    ...['--set', `agents.folder=${agentsFolder}`],
    ...['--set', `models.file=${models}`],
    ...['--set', `http.keys=${keyring}`],
  ];
}

/** The line that says where it serves. */
function waitForReady(child) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the agent was not ready in time')), patience);
    let errors = '';
    child.stderr.on('data', (piece) => (errors += piece));
    child.on('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`the agent ended with ${code}: ${errors}`));
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.includes('"event":"ready"')) return;
      clearTimeout(timer);
      resolve(JSON.parse(line));
    });
  });
}

/** Starts it, with more flags at will; `url` has no path. */
export async function startAgent(program, stubUrl, more = []) {
  const home = mkdtempSync(join(tmpdir(), 'libagent-acceptance-'));
  const flags = [...writeSettings(home, stubUrl), ...more];
  const child = spawn(program, ['serve', '--port', '0', ...flags], {
    cwd: home,
    env: {
      PATH: process.env.PATH,
      HOME: home,
      XDG_DATA_HOME: home,
      KEY_WHOLE: keys.whole,
      KEY_RESTRICTED: keys.restricted,
      KEY_HASTY: keys.hasty,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ready = await waitForReady(child);
  const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  return {
    url: ready.http,
    async stop() {
      child.removeAllListeners('exit');
      const over = child.exitCode === null ? new Promise((r) => child.once('exit', r)) : ended;
      child.kill('SIGTERM');
      const code = await over;
      rmSync(home, { recursive: true, force: true });
      return code;
    },
  };
}
