#pragma once

#include "libagent/record/json.hpp"
#include "libagent/session/agent_loop.hpp"
#include "libagent/session/tool_arguments.hpp"
#include "libagent/tools/agent_world.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace libagent::testing {

struct sum_input {
  std::int64_t a = 0;
  std::int64_t b = 0;
};

template <class Inspector>
bool inspect(Inspector& f, sum_input& x) {
  return record(f, x, "sum_input", field("a", "First.", x.a), field("b", "Second.", x.b));
}

/// Tools of every kind: `sum` is strict about its arguments, the others take any object.
class rig_tools final : public tool_catalog {
public:
  rig_tools() {
    add("sum", effects::pure);
    add("look_up", effects::pure);
    add("save", effects::idempotent);
    add("pay", effects::once);
    add("launch", effects::once, true);
  }

  void add(const std::string& name, effects kind, bool needs_approval = false) {
    tools_[name] = std::make_shared<const catalog_tool>(
        catalog_tool{{name, "Does " + name + ".", {R"({"type":"object"})"}}, kind, needs_approval});
  }

  [[nodiscard]] std::shared_ptr<const catalog_tool> find(std::string_view name) const override {
    const auto found = tools_.find(name);
    return found == tools_.end() ? nullptr : found->second;
  }

  [[nodiscard]] expected<void> check(std::string_view name,
                                     const std::string& arguments) const override {
    if (name != "sum")
      return check_json_object(arguments);
    if (const auto read = from_json<sum_input>(arguments); !read)
      return read.error();
    return {};
  }

private:
  std::map<std::string, std::shared_ptr<const catalog_tool>, std::less<>> tools_;
};

/// One conversation, its loop, and a journal that takes what is committed.
struct loop_rig {
  explicit loop_rig(const std::vector<agent_declaration>& declared)
      : agents{declared, {{"expert", "Knows things."}}} {
    restart();
  }

  /// As after a crash: all is gone but the journal.
  void restart() {
    loop.reset();
    auto read = conversation::replay(journal);
    history = std::move(read.value());
    agent_environment world{.tools = &tools, .agents = &agents};
    world.window = [this](const std::string&) { return window; };
    loop = std::make_unique<agent_loop>(history, std::move(world));
  }

  /// Keeps what is committed; returns the rest.
  loop_actions perform(loop_actions actions) {
    loop_actions rest;
    for (auto& action : actions) {
      if (auto* const commit = std::get_if<commit_events>(&action)) {
        LIBAGENT_EXPECTS(commit->first == journal.size());
        journal.insert(journal.end(), commit->events.begin(), commit->events.end());
        approvals = commit->approvals;
        stored_agent = commit->agent;
      } else {
        rest.push_back(std::move(action));
      }
    }
    return rest;
  }

  loop_actions begin(std::string question, turn_request request = {}) {
    request.agent = request.agent.empty() ? "main" : request.agent;
    request.messages.push_back({.content = std::move(question)});
    return begin(std::move(request));
  }

  loop_actions begin(turn_request request) {
    auto begun =
        loop->begin({.request = std::move(request), .id = "turn" + std::to_string(++turns)}, at);
    return perform(std::move(begun.value()));
  }

  loop_actions reply(chat_reply given, std::uint64_t cost = 0) {
    return perform(loop->on_model_end(order, {.reply = std::move(given), .cost_micro = cost}, at));
  }

  loop_actions says(std::string text) {
    chat_reply out;
    out.model = "m";
    out.message = {.role = chat_role::assistant, .content = std::move(text)};
    out.usage = {.prompt = 100, .completion = 10};
    return reply(std::move(out));
  }

  loop_actions calls(std::vector<tool_call> wanted) {
    chat_reply out;
    out.model = "m";
    out.message = {.role = chat_role::assistant, .tool_calls = std::move(wanted)};
    out.usage = {.prompt = 100, .completion = 10};
    return reply(std::move(out));
  }

  loop_actions fails(error why) {
    return perform(loop->on_model_end(order, {.reply = std::move(why)}, at));
  }

  loop_actions result(std::string_view call, std::string output) {
    return perform(loop->on_tool_end(call, {.output = std::move(output)}, at));
  }

  loop_actions result(std::string_view call, error why) {
    return perform(loop->on_tool_end(call, {.output = std::move(why)}, at));
  }

  /// The one action of this kind; remembers the number of an order.
  template <class Action>
  Action only(const loop_actions& actions) {
    std::optional<Action> found;
    for (const auto& a : actions) {
      if (const auto* const wanted = std::get_if<Action>(&a)) {
        LIBAGENT_EXPECTS(!found);
        found = *wanted;
      }
    }
    LIBAGENT_EXPECTS(found.has_value());
    if constexpr (std::is_same_v<Action, order_model>)
      order = found->order;
    return std::move(*found);
  }

  template <class Action>
  static std::size_t count(const loop_actions& actions) {
    std::size_t n = 0;
    for (const auto& a : actions) {
      if (std::holds_alternative<Action>(a))
        ++n;
    }
    return n;
  }

  [[nodiscard]] bool replays_alike() const {
    const auto read = conversation::replay(journal);
    return read && *read == history;
  }

  rig_tools tools;
  fixed_agents agents;
  std::vector<std::string> journal;
  std::vector<std::string> approvals;
  std::string stored_agent;
  conversation history;
  std::unique_ptr<agent_loop> loop;
  std::optional<std::uint64_t> window;
  moment at{time_point{} + std::chrono::hours{1}, 1'700'000'000'000};
  std::uint64_t order = 0;
  int turns = 0;
};

/// An agent with all the tools of the rig.
inline agent_declaration rig_agent(std::string name = "main") {
  agent_declaration out{.name = std::move(name),
                        .description = "Tests.",
                        .instructions = "Be brief.",
                        .model = "stub/m",
                        .tools = {"sum", "look_up", "save", "pay", "launch"}};
  return out;
}

/// Whether all calls in it have one result each, at once after them, and sound arguments.
inline bool is_paired(const std::vector<chat_message>& messages) {
  std::vector<std::string> open;
  for (const auto& m : messages) {
    if (m.role == chat_role::tool) {
      if (std::erase(open, m.tool_call_id) != 1)
        return false;
      continue;
    }
    if (!open.empty())
      return false;
    for (const auto& c : m.tool_calls) {
      if (!check_json_object(c.arguments))
        return false;
      open.push_back(c.id);
    }
  }
  return open.empty();
}

}  // namespace libagent::testing
