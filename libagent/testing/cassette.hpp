#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/ports/chat_model.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace libagent::testing {

/// Lets calls through to another model and keeps each request with its reply, one JSON object a
/// line, in a file that `replaying_model` plays. What is kept is what a provider is asked and
/// answers: never a URL, a header or a key.
///
/// A line is written when its call ends; cancelled calls are not kept. Thread safety: any thread.
class recording_model final : public chat_model {
public:
  using line_sink = std::function<void(std::string_view line)>;

  /// `keep` gets each line with its line end; on threads of `model`, one at a time.
  recording_model(chat_model_ptr model, line_sink keep);

  /// Appends to a file, which is made when it is not there. Errors: `io_failed`.
  [[nodiscard]] static expected<std::shared_ptr<recording_model>> to_file(chat_model_ptr model,
                                                                          const std::string& path);

  void start(chat_call call) override;
  void start(embedding_call call) override;
  void look_up(std::function<void(expected<chat_model_facts>)> on_facts) override;
};

}  // namespace libagent::testing
