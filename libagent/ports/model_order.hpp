#pragma once

#include "libagent/ports/chat_model.hpp"
#include "libagent/tasks/task.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace libagent {

/// How a call ended, with all its attempts.
struct model_end {
  chat_end end;
  std::string provider;
  std::uint64_t cost_micro = 0;  ///< In millionths of the currency of the prices.
  std::uint32_t attempts = 0;    ///< 0: it never left this process.
  std::chrono::microseconds queued{0};
  std::optional<std::chrono::microseconds> first_delta;  ///< Since it was ordered.
  std::chrono::microseconds took{0};                     ///< Since it was ordered.
};

/// A call of a model by way of the model gateway, which chooses the moment, tries again where
/// nobody has seen anything yet, and keeps the books. Callbacks: as in `chat_call`.
struct model_order {
  std::string model;  ///< `PROVIDER/MODEL`; with one provider its name may be left out.
  std::shared_ptr<const chat_request> request;  ///< Never null; its `model` is not looked at.
  time_point deadline = time_point::max();
  std::stop_token stop;
  std::shared_ptr<flow_gate> flow;                  ///< Null: the reader is never slow.
  std::function<void(const chat_delta&)> on_delta;  ///< Empty: the reply is wanted whole.
  std::function<void(model_end)> on_end;            ///< Exactly once, on any thread.
  bool in_one_piece = false;                        ///< As in `chat_call`.

  criticality level = criticality::critical;
  std::string client;  ///< Who asks; budgets and fairness.
  std::string agent;
  std::string session;
  std::string trace;  ///< W3C traceparent; empty: none.
  /// What its turn and its agent may still spend; absent: no limit of theirs.
  std::optional<std::uint64_t> cost_left_micro;
  std::uint64_t agent_budget_micro = 0;  ///< Of its agent in a day; 0: no limit.
};

struct embedding_order {
  std::string model;  ///< `PROVIDER/MODEL`; with one provider its name may be left out.
  std::shared_ptr<const embedding_call> call;  ///< Never null; its `model` is not looked at.
  criticality level = criticality::critical;
  std::string client;  ///< Who asks; budgets and fairness.
  /// W3C traceparent; empty: none.
  // NOLINTNEXTLINE(readability-redundant-member-init): lets users of -Wextra leave it out
  std::string trace{};
};

/// One provider, as the gateway sees it.
struct provider_status {
  std::string name;
  std::uint32_t limit = 0;  ///< Calls at a time.
  std::uint32_t running = 0;
  std::uint32_t queued = 0;
  std::string breaker;      ///< `closed`, `open` or `half_open`.
  std::uint64_t calls = 0;  ///< Since the start.
  std::uint64_t failures = 0;
  std::uint64_t retries = 0;
  std::uint64_t refused = 0;  ///< Never sent: queue full, budget, breaker, expired.
  std::uint64_t prompt_tokens = 0;
  std::uint64_t completion_tokens = 0;
  std::uint64_t cost_micro = 0;
  std::optional<std::uint64_t> context_tokens;
};

template <class Inspector>
bool inspect(Inspector& f, provider_status& x) {
  return record(
      f, x, "provider_status", field("name", "The provider.", x.name),
      field("limit", "Calls at a time.", x.limit), field("running", "Calls now.", x.running),
      field("queued", "Calls that wait for their turn.", x.queued),
      field("breaker", "closed, open or half_open.", x.breaker),
      field("calls", "Sent since the start.", x.calls),
      field("failures", "Of them without an answer.", x.failures),
      field("retries", "Sent again.", x.retries), field("refused", "Never sent.", x.refused),
      field("prompt_tokens", "Tokens read.", x.prompt_tokens),
      field("completion_tokens", "Tokens written.", x.completion_tokens),
      field("cost_micro", "Cost in millionths.", x.cost_micro),
      field("context_tokens", "Its window, when it says.", x.context_tokens));
}

/// All that the model gateway knows.
struct models_status {
  std::vector<provider_status> providers;
};

template <class Inspector>
bool inspect(Inspector& f, models_status& x) {
  return record(f, x, "models_status",
                field("providers", "Each with its calls and its limits.", x.providers));
}

}  // namespace libagent
