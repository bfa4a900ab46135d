// A model server that says what it is told to, in OpenAI's wire format (API reference, Chat
// Completions and Embeddings). What it does depends on the last message:
//
//   a tool's result            repeats it: "The tool said: ..."
//   "call NAME ARGUMENTS"      calls the tool NAME, if it is offered
//   "slowly"                   a word every 20 ms, until somebody hangs up
//   anything else              repeats it: "You said: ..."
//
// The model "broken" answers 500.

import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';

const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };

function readBody(request) {
  return new Promise((resolve, reject) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (piece) => (text += piece));
    request.on('end', () => resolve(text));
    request.on('error', reject);
  });
}

function answerJson(response, status, value) {
  const body = JSON.stringify(value);
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(body);
}

/** What the model says: text, or a call of a tool. */
function reply(body) {
  const last = body.messages.at(-1);
  if (last.role === 'tool') return { text: `The tool said: ${last.content}` };
  const wish = /^call (\S+) (.*)$/s.exec(last.content);
  if (wish && body.tools?.some((tool) => tool.function.name === wish[1]))
    return { call: { name: wish[1], arguments: wish[2] } };
  return { text: `You said: ${last.content}` };
}

function wholeReply(body, said) {
  const call = said.call && {
    tool_calls: [{ id: 'call_1', type: 'function', function: said.call }],
  };
  return {
    id: 'stub-1',
    object: 'chat.completion',
    created: 1,
    model: body.model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: said.text ?? null, ...call },
        finish_reason: said.call ? 'tool_calls' : 'stop',
      },
    ],
    usage,
  };
}

/** The deltas of a reply: text by words, arguments by bytes. */
function* deltas(said) {
  yield { role: 'assistant', content: '' };
  if (said.call) {
    const { name, arguments: text } = said.call;
    yield {
      tool_calls: [
        { index: 0, id: 'call_1', type: 'function', function: { name, arguments: '' } },
      ],
    };
    for (const byte of text)
      yield { tool_calls: [{ index: 0, function: { arguments: byte } }] };
  } else {
    for (const word of said.text.match(/\s*\S+/g) ?? []) yield { content: word };
  }
}

function sendChunk(response, body, rest) {
  const chunk = {
    id: 'stub-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: body.model,
    ...rest,
  };
  response.write(`data: ${JSON.stringify(chunk)}\n\n`);
}

function streamReply(response, body, said) {
  for (const delta of deltas(said))
    sendChunk(response, body, { choices: [{ index: 0, delta, finish_reason: null }] });
  const finish_reason = said.call ? 'tool_calls' : 'stop';
  sendChunk(response, body, { choices: [{ index: 0, delta: {}, finish_reason }] });
  if (body.stream_options?.include_usage) sendChunk(response, body, { choices: [], usage });
  response.end('data: [DONE]\n\n');
}

function streamSlowly(stub, response, body) {
  const timer = setInterval(() => {
    sendChunk(response, body, {
      choices: [{ index: 0, delta: { content: 'word ' }, finish_reason: null }],
    });
  }, 20);
  response.on('close', () => {
    clearInterval(timer);
    stub.hangUps += 1;
    stub.onHangUp?.();
  });
}

function embed(response, body) {
  const inputs = Array.isArray(body.input) ? body.input : [body.input];
  const data = inputs.map((text, index) => {
    const numbers = Float32Array.from([text.length, 0.5, -1]);
    const embedding =
      body.encoding_format === 'base64'
        ? Buffer.from(numbers.buffer).toString('base64')
        : Array.from(numbers);
    return { object: 'embedding', index, embedding };
  });
  answerJson(response, 200, {
    object: 'list',
    model: body.model,
    data,
    usage: { prompt_tokens: 3, total_tokens: 3 },
  });
}

async function serve(stub, request, response) {
  if (request.method !== 'POST') return answerJson(response, 404, { error: { message: 'no' } });
  const body = JSON.parse(await readBody(request));
  if (request.url.endsWith('/embeddings')) return embed(response, body);
  stub.requests.push(body);
  response.on('error', () => {});
  if (body.model === 'broken')
    return answerJson(response, 500, { error: { message: 'broken', type: 'server_error' } });
  if (!body.stream) return answerJson(response, 200, wholeReply(body, reply(body)));
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  if (body.messages.at(-1).content === 'slowly') return streamSlowly(stub, response, body);
  streamReply(response, body, reply(body));
}

/**
 * Starts it on a free port, with `tls` ({ key, cert }) over HTTPS. `requests`: the bodies of all
 * chat requests so far.
 */
export async function startStubModel(tls) {
  const stub = { requests: [], hangUps: 0, onHangUp: undefined };
  const answer = (request, response) => {
    serve(stub, request, response).catch((failure) => {
      response.destroy(failure);
    });
  };
  const server = tls ? createTlsServer(tls, answer) : createServer(answer);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  stub.url = `${tls ? 'https' : 'http'}://127.0.0.1:${server.address().port}/v1`;
  stub.stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return stub;
}
