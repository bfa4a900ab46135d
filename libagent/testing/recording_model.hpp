#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/ports/chat_model.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace libagent::testing {

/// Lets calls through to another model and keeps each request with its deltas and its reply, as one
/// line of JSON, for a `replaying_model`. What is kept is what a model is asked and answers: never
/// a URL, a header, a key or the user's name. What stands in the conversation itself is kept.
///
/// A line is written when its call ends; cancelled calls are not kept. Embeddings are passed on and
/// not kept. Thread safety: any thread.
class recording_model final : public chat_model {
public:
  /// Gets each line with its line end; on threads of the model, one line at a time.
  using line_sink = std::function<void(std::string_view line)>;

  recording_model(chat_model_ptr model, line_sink keep);

  /// Writes a file anew. Errors: `io_failed`.
  [[nodiscard]] static expected<std::shared_ptr<recording_model>> to_file(chat_model_ptr model,
                                                                          const std::string& path);

  void start(chat_call call) override;
  void start(embedding_call call) override;
  void look_up(std::function<void(expected<chat_model_facts>)> on_facts) override;

private:
  struct keeper;
  chat_model_ptr model_;
  std::shared_ptr<keeper> keeper_;
};

}  // namespace libagent::testing
