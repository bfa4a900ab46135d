#include "apps/lab/faults/fault_client.hpp"

#include "apps/lab/faults/model_under_fault.hpp"

#include <optional>
#include <utility>

namespace libagent::lab {

namespace {

using ms = std::chrono::milliseconds;

constexpr std::size_t client_threads = 3;
constexpr ms call_patience{1'500};
constexpr int errand_timeout_ms = 15'000;

/// What a client asks for in one draw of a hundred.
struct tool_share {
  unsigned below;
  const char* tool;
};

constexpr tool_share tool_shares[] = {  // NOLINT(modernize-avoid-c-arrays): size from the list
    {.below = 36, .tool = "append"},  {.below = 60, .tool = "append_once"},
    {.below = 78, .tool = "work_ms"}, {.below = 87, .tool = "fail_some"},
    {.below = 96, .tool = "parent"},  {.below = 100, .tool = "hang"}};

/// Each in a conversation of its own, which is kept: its effects must happen once.
nlohmann::ordered_json errand_body(const client_op& op) {
  return {{"agent", "errand"},
          {"arguments", {{"question", op.label + errand_suffix}, {"session", op.label}}}};
}

nlohmann::ordered_json tool_body(const client_op& op) {
  nlohmann::ordered_json body{{"tool", op.tool}};
  auto arguments = nlohmann::ordered_json::parse(op.arguments);
  arguments["label"] = op.label;
  body["arguments"] = std::move(arguments);
  return body;
}

std::string body_of(const client_op& op) {
  auto body = op.tool == errand_target ? errand_body(op) : tool_body(op);
  if (op.timeout_ms)
    body["timeout_ms"] = *op.timeout_ms;
  if (op.waits)
    body["wait"] = true;
  return body.dump();
}

/// One of the ops, if there is one, that `is_meant`.
template <class Predicate>
std::optional<client_op> pick(const std::vector<client_op>& ops, seeded_random& random,
                              Predicate is_meant) {
  if (ops.empty())
    return std::nullopt;
  const auto from = random() % ops.size();
  for (std::size_t i = 0; i < ops.size(); ++i) {
    const auto& op = ops[(from + i) % ops.size()];
    if (is_meant(op))
      return op;
  }
  return std::nullopt;
}

nlohmann::ordered_json arguments_for(const std::string& tool, std::uint64_t length) {
  nlohmann::ordered_json arguments{{"ms", tool == "work_ms" ? 20 + length * 8 : length}};
  if (tool == "fail_some")
    arguments["fails"] = length % 4;
  if (tool == "parent")
    arguments["children"] = 1 + length % 3;
  return arguments;
}

}  // namespace

time_point call_deadline(std::chrono::milliseconds patience) {
  return std::chrono::steady_clock::now() + patience;
}

fault_client::fault_client(client_ledger& ledger, const fault_workload& workload,
                           std::uint64_t seed)
    : ledger_{ledger}, workload_{workload}, seed_{seed} {}

fault_client::~fault_client() {
  end_round();
}

void fault_client::begin_round(std::uint16_t port, std::size_t ops_each) {
  ++rounds_;
  for (std::size_t i = 0; i < client_threads; ++i) {
    const worker as{.seed = (seed_ * 1'000 + rounds_) * 16 + i, .port = port, .ops = ops_each};
    threads_.emplace_back([this, as](const std::stop_token& stop) { work(stop, as); });
  }
}

void fault_client::end_round() {
  threads_.clear();  // Asks them to stop, and joins.
}

void fault_client::pause(const std::stop_token& stop, std::chrono::milliseconds time) {
  std::unique_lock lock{lock_};
  (void)changed_.wait_for(lock, stop, time, [] { return false; });
}

void fault_client::work(const std::stop_token& stop, const worker& as) {
  seeded_random random{as.seed};
  for (std::size_t i = 0; i < as.ops && !stop.stop_requested(); ++i) {
    submit_new(random, as.port);
    for (auto more = random() % 3; more > 0 && !stop.stop_requested(); --more)
      act(random, as.port);
    pause(stop, ms{static_cast<std::int64_t>(random() % 20)});
  }
}

void fault_client::act(seeded_random& random, std::uint16_t port) {
  const auto draw = random() % 10;
  if (draw < 6)
    return ask(random, port);
  if (draw < 8)
    return cancel(random, port);
  submit_again(random, port);
}

std::string fault_client::draw_tool(std::uint64_t draw) const {
  std::string tool;
  for (const auto& each : tool_shares) {
    tool = each.tool;
    if (draw < each.below)
      break;
  }
  if (!workload_.has_all_tools && (tool == "fail_some" || tool == "parent"))
    return workload_.has_agent ? errand_target : "append";
  return tool;
}

client_op fault_client::draw_op(seeded_random& random) const {
  client_op op{.label = "op-" + std::to_string(seed_) + "-"};
  const auto draw = random() % 100;
  const auto length = random() % 20;
  const bool short_lived = random() % 16 == 0;
  const auto patience = static_cast<int>(100 + random() % 300);
  op.tool = draw_tool(draw);
  op.arguments = arguments_for(op.tool, length).dump();
  op.waits = random() % 8 == 0;
  if (random() % 5 < 2)
    op.key = "key-" + std::to_string(random() % 1'000'000'000);
  if (op.tool == "hang" || short_lived)
    op.timeout_ms = op.tool == "hang" ? patience : 1 + patience % 25;
  if (op.tool == errand_target && !op.timeout_ms)
    op.timeout_ms = errand_timeout_ms;
  return op;
}

void fault_client::submit_new(seeded_random& random, std::uint16_t port) {
  auto op = draw_op(random);
  if (workload_.has_poison) {
    const std::lock_guard guard{lock_};
    if (!std::exchange(poisoned_, true)) {
      op.tool = "crash";
      op.arguments = "{}";
      op.waits = false;
      op.timeout_ms.reset();
    }
  }
  const auto number = ledger_.add(std::move(op));
  submit(ledger_.ops().at(number), port);
}

void fault_client::submit(const client_op& op, std::uint16_t port) {
  const auto answer =
      call_http(port, {.method = "POST", .path = "/v1/tasks", .body = body_of(op), .key = op.key},
                call_deadline(call_patience));
  if (answer)
    return ledger_.take_answer(op.number, *answer);
  if (answer.error().code == errc::unavailable && op.key.empty()) {
    ledger_.change(op.number, [](client_op& unsent) {
      if (unsent.outcome == submit_outcome::unknown)
        unsent.outcome = submit_outcome::refused;
    });
  }
}

void fault_client::ask(seeded_random& random, std::uint16_t port) {
  const auto op = pick(ledger_.ops(), random, [](const client_op& each) {
    return each.outcome == submit_outcome::acknowledged && each.is_durable();
  });
  if (!op)
    return;
  const auto answer =
      call_http(port, {.path = "/v1/tasks/" + op->id}, call_deadline(call_patience));
  if (answer && answer->status == 200)
    ledger_.take_answer(op->number, *answer);
}

void fault_client::cancel(seeded_random& random, std::uint16_t port) {
  const auto op = pick(ledger_.ops(), random, [](const client_op& each) {
    return each.outcome == submit_outcome::acknowledged && each.is_durable() && !each.end;
  });
  if (!op)
    return;
  const auto answer = call_http(port, {.method = "DELETE", .path = "/v1/tasks/" + op->id},
                                call_deadline(call_patience));
  if (answer && answer->status == 200)
    ledger_.take_answer(op->number, *answer);
}

void fault_client::submit_again(seeded_random& random, std::uint16_t port) {
  const auto op = pick(ledger_.ops(), random, [](const client_op& each) {
    return !each.key.empty() && each.outcome != submit_outcome::refused;
  });
  if (!op)
    return;
  if (random() % 3 == 0 && op->outcome == submit_outcome::acknowledged)
    return submit_other_body(*op, port);
  submit(*op, port);
}

/// The key of a task that is known, for another one: refused, unless it was lost with a damaged
/// part of the journal, which the node said.
void fault_client::submit_other_body(const client_op& op, std::uint16_t port) {
  auto other = op;
  other.label += other_body_suffix;
  other.arguments = R"({"ms": 1})";
  const auto answer = call_http(
      port, {.method = "POST", .path = "/v1/tasks", .body = body_of(other), .key = op.key},
      call_deadline(call_patience));
  if (answer && answer->status < 300 && !ledger_.knows_of_damage()) {
    ledger_.note_problem(op.label +
                         ": another body under its key was accepted: " + answer->body.dump());
  }
}

void fault_client::send_unanswered_again(std::uint16_t port) {
  for (const auto& op : ledger_.ops()) {
    if (op.outcome == submit_outcome::unknown && !op.key.empty())
      submit(op, port);
  }
}

}  // namespace libagent::lab
