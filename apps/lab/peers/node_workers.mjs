// Short tasks on Node's event loop, long ones in worker threads: what is usual in Node.
//
// Usage: node_workers.mjs
//
// Prints "port N" once it listens on loopback. Commands, one a line: "s" does a short task and
// answers "ok"; "l 1" keeps twice as many long tasks queued or running as there are cores, "l 0"
// stops that, both answer "ok"; "q" answers how many long tasks were done; "x" ends the program.

import { createServer } from 'node:net';
import { cpus } from 'node:os';
import { Worker, isMainThread, parentPort } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';

const SHORT_US = 50;
const LONG_MS = 300;
const SLICES = 300;

function spin(rounds) {
  let state = 0x9e3779b9 | 0;
  for (let i = 0; i < rounds; ++i) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
  }
  return state;
}

function roundsPerUs() {
  // By CPU time, so that other load on the machine does not matter. The first runs are compiled.
  const probe = 5_000_000;
  let best = 0;
  for (let i = 0; i < 9; ++i) {
    const begin = process.cpuUsage();
    if (spin(probe + (i % 2)) === 1) console.error('unlikely');
    const used = process.cpuUsage(begin);
    best = Math.max(best, probe / (used.user + used.system));
  }
  return best;
}

function work() {
  parentPort.on('message', (rounds) => {
    let kept = 0;
    for (let i = 0; i < SLICES; ++i) kept ^= spin(rounds);
    parentPort.postMessage(kept);
  });
}

function serve() {
  const perUs = roundsPerUs();
  const shortRounds = Math.round(SHORT_US * perUs);
  const sliceRounds = Math.round(((LONG_MS * 1000) / SLICES) * perUs);
  const free = [];
  const queue = [];
  let loaded = false;
  let done = 0;
  let outstanding = 0;
  let onIdle = null;

  const pump = () => {
    while (free.length > 0 && queue.length > 0) free.pop().postMessage(queue.shift());
  };
  const onDone = (worker) => {
    ++done;
    free.push(worker);
    if (loaded) {
      queue.push(sliceRounds);
    } else if (--outstanding === 0 && onIdle) {
      onIdle();
    }
    pump();
  };
  for (let i = 0; i < cpus().length; ++i) {
    const worker = new Worker(fileURLToPath(import.meta.url));
    worker.on('message', () => onDone(worker));
    free.push(worker);
  }

  const setLoad = (wanted, reply) => {
    loaded = wanted;
    if (!wanted) {
      outstanding -= queue.length;
      queue.length = 0;
      if (outstanding === 0) return reply();
      onIdle = reply;
      return undefined;
    }
    onIdle = null;
    for (; outstanding < 2 * cpus().length; ++outstanding) queue.push(sliceRounds);
    pump();
    return reply();
  };

  const answer = (socket, line) => {
    if (line === 's') {
      spin(shortRounds);
      socket.write('ok\n');
    } else if (line === 'l 1' || line === 'l 0') {
      setLoad(line === 'l 1', () => socket.write('ok\n'));
    } else if (line === 'q') {
      socket.write(`${done}\n`);
    } else if (line === 'x') {
      process.exit(0);
    } else {
      socket.write('what?\n');
    }
  };

  const server = createServer({ noDelay: true }, (socket) => {
    let text = '';
    socket.on('data', (piece) => {
      text += piece;
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        const line = text.slice(0, end);
        text = text.slice(end + 1);
        answer(socket, line);
      }
    });
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1', 512, () => console.log('port', server.address().port));
}

if (isMainThread) {
  serve();
} else {
  work();
}
