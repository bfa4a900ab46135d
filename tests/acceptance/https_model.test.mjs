// A model server over HTTPS, whose certificate an authority of one's own has signed.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';

import { keys, startAgent } from './agent_under_test.mjs';
import { startStubModel } from './stub_model.mjs';

let folder;
let stub;

const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });

/** An authority (ca.pem) and what it signed for 127.0.0.1 (server.pem), and a stranger to both. */
function makeCertificates() {
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  for (const name of ['ca', 'stranger']) {
    openssl('req', '-x509', ...newKey, '-days', '1', '-subj', `/CN=${name}`,
      '-keyout', `${name}.key`, '-out', `${name}.pem`);
  }
  openssl('req', ...newKey, '-subj', '/CN=model', '-keyout', 'server.key', '-out', 'server.csr');
  writeFileSync(join(folder, 'server.ext'), 'subjectAltName=IP:127.0.0.1\n');
  openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key',
    '-CAcreateserial', '-days', '1', '-extfile', 'server.ext', '-out', 'server.pem');
}

const inFolder = (name) => join(folder, name);

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'libagent-https-'));
  makeCertificates();
  stub = await startStubModel({
    key: readFileSync(inFolder('server.key')),
    cert: readFileSync(inFolder('server.pem')),
  });
});

after(() => {
  stub?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What a question comes to with an agent that was started with these flags. */
async function ask(flags) {
  const agent = await startAgent(process.env.LIBAGENT_AGENT, stub.url, flags);
  try {
    const client = new OpenAI({
      apiKey: keys.whole,
      baseURL: `${agent.url}/v1`,
      maxRetries: 0,
      timeout: 30_000,
    });
    const completion = await client.chat.completions.create({
      model: 'agent:plain',
      messages: [{ role: 'user', content: 'hello' }],
    });
    return completion.choices[0].message.content;
  } finally {
    assert.equal(await agent.stop(), 0);
  }
}

test('a model server whose authority is configured is believed', async () => {
  const said = await ask(['--set', `tls.ca-file=${inFolder('ca.pem')}`]);
  assert.equal(said, 'You said: hello');
});

test('a model server that nobody vouches for hears nothing', async () => {
  const before = stub.requests.length;
  await assert.rejects(ask([]), (failure) => failure.status >= 500);
  await assert.rejects(ask(['--set', `tls.ca-file=${inFolder('stranger.pem')}`]), (failure) => {
    assert.match(failure.message, /certificate/i);
    return failure.status >= 500;
  });
  assert.equal(stub.requests.length, before);
});

test('a file without certificates is refused at the start, by its name', async () => {
  await assert.rejects(ask(['--set', `tls.ca-file=${inFolder('server.key')}`]), /tls\.ca-file: .*server\.key/);
});
