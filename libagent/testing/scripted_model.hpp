#pragma once

#include "libagent/ports/chat_model.hpp"
#include "libagent/testing/manual_clock.hpp"
#include "libagent/testing/scripted_reply.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace libagent::testing {

/// A chat model that plays a script, with no network and no thread.
///
/// For a request the first reply in the order of the script is taken that matches and was not used.
/// When there is none, the call ends with `not_found`, whose text says what was asked and what the
/// script still had, and the same text is among the `surprises`. Callbacks run within `start`, or
/// on the thread that advances the clock, opens the gate or requests the stop. Destruction ends
/// what is under way with `cancelled`. Thread safety: any thread.
class scripted_model final : public chat_model {
public:
  /// @pre With waits in the script, or deadlines in the calls that are to count: `clock` is there.
  explicit scripted_model(std::vector<scripted_reply> script,
                          std::shared_ptr<manual_clock> clock = nullptr);
  scripted_model(const scripted_model&) = delete;
  scripted_model& operator=(const scripted_model&) = delete;
  ~scripted_model() override;

  void start(chat_call call) override;
  /// Vectors of length 1 with 8 numbers that depend on the text alone.
  void start(embedding_call call) override;
  void look_up(std::function<void(expected<chat_model_facts>)> on_facts) override;

  /// Adds to the end of the script.
  void add(scripted_reply reply);
  void set_facts(chat_model_facts facts);

  /// The requests so far, in the order in which they came.
  [[nodiscard]] std::vector<chat_request> requests() const;
  /// Calls that began and did not end yet.
  [[nodiscard]] std::size_t running() const;
  /// What was asked and not in the script. A test should end with
  /// `CHECK(model->surprises().empty())`.
  [[nodiscard]] std::vector<std::string> surprises() const;
  /// What the script still has and nobody asked for, one line each; empty when it was played out.
  [[nodiscard]] std::string left_over() const;

private:
  class stage;
  std::shared_ptr<stage> stage_;
};

}  // namespace libagent::testing
