#pragma once

#include "libagent/base/time.hpp"
#include "libagent/models/chat.hpp"
#include "libagent/models/citation.hpp"
#include "libagent/record/field.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace libagent {

/// What an agent can make use of while it answers. Never leaves the process; all of it may be
/// empty.
struct live_question {
  /// The conversation with the question as its last message; null: it is not known.
  std::shared_ptr<const std::vector<chat_message>> history;
  /// Shows a part of the answer at once, where somebody wants to see it. From any thread, until
  /// the answer is given.
  std::function<void(std::string part)> say;
  std::stop_token stop;  ///< Nobody wants the answer any more.
  time_point deadline = time_point::max();
  std::string client;  ///< Who asks.
};

/// What an agent is asked.
struct agent_question {
  std::string question;
  std::optional<std::string> session;  ///< Continues a conversation; absent: a single question.
  live_question live;
};

template <class Inspector>
bool inspect(Inspector& f, agent_question& x) {
  return record(f, x, "agent_question",
                field("question", "What you want to know.", x.question).max_size(16'384),
                field("session", "Name of a conversation to continue.", x.session));
}

/// What an agent answers.
struct agent_answer {
  std::string text;
  bool found = true;  ///< False: the agent has nothing that answers, and `text` says so.
  std::string model;  ///< What wrote the text, for example "extractive".
  std::vector<citation> citations;
};

template <class Inspector>
bool inspect(Inspector& f, agent_answer& x) {
  return record(f, x, "agent_answer", field("text", "The answer.", x.text),
                field("found", "Whether anything answers the question.", x.found),
                field("model", "What wrote the text.", x.model),
                field("citations", "What the answer rests on, numbered from 1.", x.citations));
}

/// One line about an agent, for listings.
struct agent_info {
  std::string name;
  std::string description;
  std::string model;               ///< What answers; empty: the agent's own code.
  std::vector<std::string> tools;  ///< That it may call.
};

template <class Inspector>
bool inspect(Inspector& f, agent_info& x) {
  return record(
      f, x, "agent_info", field("name", "Asked as agent:NAME.", x.name),
      field("description", "What it is for.", x.description),
      field("model", "What answers; empty: its own code.", x.model).fallback(std::string{}),
      field("tools", "Tools that it may call.", x.tools).fallback(std::vector<std::string>{}));
}

}  // namespace libagent
