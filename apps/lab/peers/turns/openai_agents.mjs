// The turn in the OpenAI Agents SDK, over chat completions and without tracing.

import {
  Agent, OpenAIChatCompletionsModel, Runner, setTracingDisabled, tool,
} from '@openai/agents';
import OpenAI from 'openai';
import { z } from 'zod';
import {
  baseUrl, drive, instructions, model, question, toolAnswer, toolDescription, toolName, versionOf,
} from './driving.mjs';

setTracingDisabled(true);

const agent = new Agent({
  name: 'weather',
  instructions,
  model: new OpenAIChatCompletionsModel(new OpenAI({ apiKey: 'none', baseURL: baseUrl }), model),
  tools: [tool({
    name: toolName,
    description: toolDescription,
    parameters: z.object({ city: z.string() }),
    execute: async ({ city }) => toolAnswer(city),
  })],
});
const runner = new Runner({ tracingDisabled: true });

async function turn() {
  const result = await runner.run(agent, question);
  return result.finalOutput;
}

await drive(versionOf('@openai/agents'), turn);
