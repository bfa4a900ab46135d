#pragma once

#include "actors/agent.hpp"
#include "libagent/session/conversation_memory.hpp"

namespace libagent::app {

/// Answers questions from the indexed documents, without a language model: the tool
/// `answer_from_documents` selects the sentences; the agent adds the conversation.
///
/// **Failure**: a restart forgets which question came before in each conversation.
class documents_agent {
public:
  explicit documents_agent(actors::agent_actor::pointer self);

  actors::agent_actor::behavior_type make_behavior();

  static inline const char* name = "libagent.agent.documents";

private:
  [[nodiscard]] caf::result<agent_answer> answer(const agent_question& asked);
  [[nodiscard]] std::string question_to_search(const agent_question& asked);

  actors::agent_actor::pointer self_;
  conversation_memory memory_;
};

}  // namespace libagent::app
