// The turn by hand in Node: node:http with kept connections, no framework.

import { Agent, request } from 'node:http';
import {
  baseUrl, drive, instructions, model, question, toolAnswer, toolDescription, toolName,
} from './driving.mjs';

const agent = new Agent({ keepAlive: true, noDelay: true });

const tools = [{
  type: 'function',
  function: {
    name: toolName,
    description: toolDescription,
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
}];

function post(body) {
  return new Promise((resolve, reject) => {
    const payload = Buffer.from(JSON.stringify(body));
    const sent = request(`${baseUrl}/chat/completions`, {
      method: 'POST',
      agent,
      headers: { 'Content-Type': 'application/json', 'Content-Length': payload.length },
    }, (answer) => {
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece));
      answer.on('end', () => {
        try {
          if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`);
          resolve(JSON.parse(Buffer.concat(pieces).toString()));
        } catch (failure) {
          reject(failure);
        }
      });
    });
    sent.on('error', reject);
    sent.end(payload);
  });
}

async function turn() {
  const messages = [
    { role: 'system', content: instructions },
    { role: 'user', content: question },
  ];
  for (;;) {
    const reply = await post({ model, messages, tools });
    const { message } = reply.choices[0];
    if (!message.tool_calls?.length) return message.content;
    messages.push(message);
    for (const call of message.tool_calls) {
      const { city } = JSON.parse(call.function.arguments);
      messages.push({ role: 'tool', tool_call_id: call.id, content: toolAnswer(city) });
    }
  }
}

await drive('node:http', turn);
