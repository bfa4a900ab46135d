#pragma once

#include <optional>
#include <string>

namespace libagent::app {

/// `agent chat`: a conversation, until the end of the input.
struct chat_command {
  std::string agent = "documents";
  std::string session;             ///< Empty: the one that went on last.
  bool is_new = false;             ///< Begins another session.
  bool verbose = false;            ///< Shows thoughts, and what each turn took.
  std::optional<std::string> url;  ///< A running server; absent: in this process.
};

}  // namespace libagent::app
