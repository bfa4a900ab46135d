#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"
#include "libagent/models/chat.hpp"
#include "libagent/models/flow_gate.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace libagent {

/// How a call ended.
struct chat_end {
  expected<chat_reply> reply;
  /// With an error: what had been written until then.
  chat_message so_far;
  bool began = false;  ///< A delta was passed on: somebody may have seen it, never start over.
  /// With `context_too_long`, when the provider says: its window and what the request came to.
  std::optional<std::uint64_t> context_tokens;
  std::optional<std::uint64_t> prompt_tokens;
};

/// One call of a model and the way back.
///
/// Callbacks run on threads of the model, one after another for one call; they must be quick and
/// must neither block nor throw. `on_end` runs exactly once, and nothing after it.
struct chat_call {
  std::shared_ptr<const chat_request> request;  ///< Never null.
  time_point deadline = time_point::max();
  std::stop_token stop;             ///< Ends the call at once; then it ends with `cancelled`.
  std::shared_ptr<flow_gate> flow;  ///< Null: the reader is never slow.
  std::string trace;                ///< W3C traceparent for the provider; empty: none.
  std::function<void(const chat_delta&)> on_delta;  ///< Empty: the reply is wanted whole.
  std::function<void(chat_end)> on_end;             ///< Never empty.
  /// The provider writes the reply at once: cheaper, but it may be silent until it is over.
  bool in_one_piece = false;
};

struct embedding_call {
  std::string model;
  std::vector<std::string> inputs;
  std::optional<std::uint32_t> dimensions;
  time_point deadline = time_point::max();
  std::stop_token stop;
  /// W3C traceparent for the provider; empty: none.
  // NOLINTNEXTLINE(readability-redundant-member-init): lets users of -Wextra leave it out
  std::string trace{};

  struct reply {
    std::string model;
    std::vector<std::vector<float>> embeddings;  ///< One for each input, in their order.
    token_usage usage;
  };

  std::function<void(expected<reply>)> on_end;  ///< Exactly once.
};

/// What is known of a provider beforehand; absent: not known.
struct chat_model_facts {
  std::optional<std::uint32_t> slots;           ///< Calls that it serves at a time.
  std::optional<std::uint64_t> context_tokens;  ///< Window of one call.
  bool is_pure_text = false;                    ///< Knows no tools.
};

/// A chat model that somebody provides: a server, an embedded one, or a script in a test.
///
/// Thread safety: any thread, also concurrently. Blocking: never. Errors of a call:
/// `invalid_argument` (the request is wrong and stays so), `context_too_long`, `unauthenticated`,
/// `permission_denied`, `not_found` (no such model), `budget_exceeded` (out of credit), which are
/// never worth a retry; `rate_limited`, `overloaded`, `unavailable` (no connection, cut, 5xx) with
/// `retry_after` when the provider says; `deadline_exceeded`, `cancelled`, `corrupt` (the answer
/// makes no sense), `unsupported`.
class chat_model {
public:
  chat_model() = default;
  chat_model(const chat_model&) = delete;
  chat_model& operator=(const chat_model&) = delete;
  virtual ~chat_model() = default;

  /// Begins a call and returns. Tries once; whether to try again is the caller's business.
  virtual void start(chat_call call) = 0;

  /// As `start`, for embeddings.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): others keep it
  virtual void start(embedding_call call) {
    call.on_end(error{errc::unsupported, "embed with " + call.model + ": it has no embeddings"});
  }

  /// Asks the provider about itself; the answer comes later, exactly once.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): others keep it
  virtual void look_up(std::function<void(expected<chat_model_facts>)> on_facts) {
    on_facts(chat_model_facts{});
  }
};

using chat_model_ptr = std::shared_ptr<chat_model>;

}  // namespace libagent
