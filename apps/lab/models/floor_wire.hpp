#pragma once

#include "libagent/base/expected.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>

namespace libagent::lab {

/// The tool call in a reply.
struct floor_call {
  std::string id;
  std::string city;
};

/// One conversation as somebody would keep it who writes the loop by hand: the request's body as
/// JSON, to which messages are added.
class floor_conversation {
public:
  /// Begins with the instructions, the question and the tool.
  explicit floor_conversation(const std::string& model);

  [[nodiscard]] std::string body() const { return request_.dump(); }

  /// Adds what the model said. Returns the tool call in it; empty: `text` is its last word.
  /// Errors: `errc::corrupt`.
  [[nodiscard]] expected<std::optional<floor_call>> take_reply(const std::string& body);

  void add_result(const floor_call& call, const std::string& output);

  [[nodiscard]] const std::string& text() const { return text_; }

private:
  nlohmann::json request_;
  std::string text_;
};

}  // namespace libagent::lab
