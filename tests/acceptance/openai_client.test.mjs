// An unmodified OpenAI client against a running agent.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';

import { keys, startAgent } from './agent_under_test.mjs';
import { startStubModel } from './stub_model.mjs';

let stub;
let agent;
let client;

before(async () => {
  stub = await startStubModel();
  agent = await startAgent(process.env.LIBAGENT_AGENT, stub.url);
  client = clientWith(keys.whole);
});

after(async () => {
  const code = await agent?.stop();
  stub?.stop();
  assert.equal(code ?? 0, 0, 'the agent ends in good order');
});

function clientWith(apiKey) {
  return new OpenAI({ apiKey, baseURL: `${agent.url}/v1`, maxRetries: 0, timeout: 30_000 });
}

const said = (content) => [{ role: 'user', content }];

const weather = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather of a city.',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
    },
  },
};

test('each agent is a model', async () => {
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.ok(ids.includes('agent:plain'), ids.join());
  assert.ok(ids.includes('agent:counting'), ids.join());
  assert.equal((await client.models.retrieve('agent:plain')).id, 'agent:plain');
});

test('a completion has text, reason and usage, and a request id', async () => {
  const completion = await client.chat.completions.create({
    model: 'agent:plain',
    messages: said('hello'),
  });
  assert.equal(completion.object, 'chat.completion');
  assert.equal(completion.model, 'agent:plain');
  assert.equal(completion.choices[0].message.content, 'You said: hello');
  assert.equal(completion.choices[0].finish_reason, 'stop');
  assert.equal(completion.usage.total_tokens, 18);
  assert.match(completion._request_id, /^req-/);
});

test('a stream has the text in pieces, and the usage when asked for', async () => {
  const stream = await client.chat.completions.create({
    model: 'plain',
    messages: said('one two three'),
    stream: true,
    stream_options: { include_usage: true },
  });
  const pieces = [];
  let usage;
  let reason;
  for await (const chunk of stream) {
    pieces.push(chunk.choices[0]?.delta?.content ?? '');
    reason = chunk.choices[0]?.finish_reason ?? reason;
    usage = chunk.usage ?? usage;
  }
  assert.equal(pieces.join(''), 'You said: one two three');
  assert.ok(pieces.filter((piece) => piece !== '').length > 1, 'it came in pieces');
  assert.equal(reason, 'stop');
  assert.equal(usage.total_tokens, 18);
});

test('the client runs its own tools and comes back with their results', async () => {
  const asked = [];
  const runner = client.chat.completions.runTools({
    model: 'agent:plain',
    messages: said('call get_weather {"city":"Oslo"}'),
    tools: [
      {
        type: 'function',
        function: {
          ...weather.function,
          parse: JSON.parse,
          function: ({ city }) => {
            asked.push(city);
            return `rain in ${city}`;
          },
        },
      },
    ],
  });
  assert.equal(await runner.finalContent(), 'The tool said: rain in Oslo');
  assert.deepEqual(asked, ['Oslo']);
});

test('a call of a client tool is put together from a stream', async () => {
  const stream = client.chat.completions.stream({
    model: 'agent:plain',
    messages: said('call get_weather {"city":"Kyiv"}'),
    tools: [weather],
  });
  const completion = await stream.finalChatCompletion();
  const [choice] = completion.choices;
  assert.equal(choice.finish_reason, 'tool_calls');
  assert.equal(choice.message.tool_calls.length, 1);
  assert.equal(choice.message.tool_calls[0].function.name, 'get_weather');
  assert.deepEqual(JSON.parse(choice.message.tool_calls[0].function.arguments), { city: 'Kyiv' });
});

test('an agent runs its own tools, of which the client sees only the answer', async () => {
  const completion = await client.chat.completions.create({
    model: 'agent:counting',
    messages: said('call calculate {"expression":"6*7"}'),
  });
  const [choice] = completion.choices;
  assert.equal(choice.finish_reason, 'stop');
  assert.match(choice.message.content, /^The tool said: .*42/s);
  assert.equal(choice.message.tool_calls, undefined);
  assert.equal(completion.usage.total_tokens, 36, 'the usage of both steps');
});

test('embeddings come in the form that the client chooses', async () => {
  const usual = await client.embeddings.create({ model: 'stub/vectors', input: ['a', 'four'] });
  assert.deepEqual(
    usual.data.map((line) => Array.from(line.embedding)),
    [
      [1, 0.5, -1],
      [4, 0.5, -1],
    ],
  );
  const numbers = await client.embeddings.create({
    model: 'stub/vectors',
    input: 'ab',
    encoding_format: 'float',
  });
  assert.deepEqual(numbers.data[0].embedding, [2, 0.5, -1]);
});

test('errors have the classes that clients branch on', async () => {
  const ask = (who, model, messages = said('x')) =>
    who.chat.completions.create({ model, messages });
  await assert.rejects(ask(clientWith('nobody-has-this-key'), 'plain'), OpenAI.AuthenticationError);
  await assert.rejects(ask(client, 'nobody'), (failure) => {
    assert.ok(failure instanceof OpenAI.NotFoundError);
    assert.equal(failure.code, 'model_not_found');
    return true;
  });
  await assert.rejects(ask(client, 'plain', [{ role: 'wizard', content: 'x' }]), (failure) => {
    assert.ok(failure instanceof OpenAI.BadRequestError);
    assert.equal(failure.type, 'invalid_request_error');
    return true;
  });
  await assert.rejects(ask(client, 'failing'), OpenAI.InternalServerError);
  await assert.rejects(
    ask(clientWith(keys.restricted), 'counting'),
    OpenAI.PermissionDeniedError,
  );
  assert.ok(await ask(clientWith(keys.restricted), 'plain'));
});

test('a key that has used its requests is told so as a rate limit', async () => {
  const hasty = clientWith(keys.hasty);
  assert.ok(await hasty.models.list());
  await assert.rejects(hasty.models.list(), (failure) => {
    assert.ok(failure instanceof OpenAI.RateLimitError);
    assert.ok(Number(failure.headers.get('retry-after')) > 0);
    return true;
  });
});

test('a turn that fails does not make the client ask again', async () => {
  const before = stub.requests.length;
  const eager = new OpenAI({ apiKey: keys.whole, baseURL: `${agent.url}/v1`, maxRetries: 3 });
  await assert.rejects(
    eager.chat.completions.create({ model: 'failing', messages: said('x') }),
    OpenAI.InternalServerError,
  );
  assert.equal(stub.requests.length - before, 1);
});

test('a client that stops reading ends the call of the model', async () => {
  const hungUp = new Promise((resolve) => {
    stub.onHangUp = resolve;
  });
  const stream = await client.chat.completions.create({
    model: 'plain',
    messages: said('slowly'),
    stream: true,
  });
  let chunks = 0;
  for await (const chunk of stream) {
    if (chunk.choices[0]?.delta?.content) chunks += 1;
    if (chunks === 3) break;
  }
  stream.controller.abort();
  await hungUp;
  assert.equal(stub.hangUps, 1);
});

test('a completion that names a session goes on where it was', async () => {
  const headers = { 'X-Session-Id': 'kept-1' };
  const ask = (content) =>
    client.chat.completions.create({ model: 'plain', messages: said(content) }, { headers });
  await ask('first');
  const second = await ask('second');
  assert.equal(second.libagent.session, 'kept-1');
  const texts = stub.requests.at(-1).messages.map((message) => message.content);
  assert.deepEqual(texts.slice(-3), ['first', 'You said: first', 'second']);
});

/** A call of a route that the client library does not know. */
function send(method, path, body, headers = {}) {
  return fetch(`${agent.url}${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${keys.whole}`,
      'Content-Type': 'application/json',
      ...headers,
    },
    body: body && JSON.stringify(body),
  });
}

test('a session is talked to, looked at and removed over its own routes', async () => {
  const message = { agent: 'counting', message: 'call calculate {"expression":"1+1"}' };
  const answer = await send('POST', '/v1/sessions/kept-2/messages', message, {
    Accept: 'text/event-stream',
  });
  assert.equal(answer.status, 200);
  const names = [...(await answer.text()).matchAll(/^event: (.*)$/gm)].map((match) => match[1]);
  assert.ok(names.includes('tool_began'), names.join());
  assert.ok(names.indexOf('tool_began') < names.indexOf('tool_ended'), names.join());
  assert.equal(names.at(-1), 'end');

  const view = await (await send('GET', '/v1/sessions/kept-2')).json();
  assert.equal(view.turns, 1);
  assert.equal(view.turn_open, false);
  const listed = await (await send('GET', '/v1/sessions')).json();
  assert.ok(listed.data.some((line) => line.id === 'kept-2'));

  assert.equal((await send('DELETE', '/v1/sessions/kept-2')).status, 200);
  assert.equal((await send('GET', '/v1/sessions/kept-2')).status, 404);
});
