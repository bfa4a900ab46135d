// The turn in LangGraph.js: its prebuilt agent, compiled once and invoked for each turn.

import { tool } from '@langchain/core/tools';
import { createReactAgent } from '@langchain/langgraph/prebuilt';
import { ChatOpenAI } from '@langchain/openai';
import { z } from 'zod';
import {
  baseUrl, drive, instructions, model, question, toolAnswer, toolDescription, toolName, versionOf,
} from './driving.mjs';

const weather = tool(async ({ city }) => toolAnswer(city), {
  name: toolName,
  description: toolDescription,
  schema: z.object({ city: z.string() }),
});

const agent = createReactAgent({
  llm: new ChatOpenAI({ model, apiKey: 'none', configuration: { baseURL: baseUrl } }),
  tools: [weather],
  prompt: instructions,
});

async function turn() {
  const { messages } = await agent.invoke({ messages: [{ role: 'user', content: question }] });
  return messages.at(-1).content;
}

await drive(versionOf('@langchain/langgraph'), turn);
