#include "libagent/base/random.hpp"

#include "tests/support/loop_rig.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

using namespace libagent;
using libagent::testing::is_paired;
using libagent::testing::rig_agent;
using libagent::testing::rig_tools;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t steps_allowed = 6;
constexpr std::uint32_t calls_allowed = 9;

std::vector<agent_declaration> wild_agents() {
  auto first = rig_agent();
  first.agents = {"expert"};
  first.approvals = {"ask_expert"};
  first.handovers = {"second"};
  first.cache = true;
  first.limits = {
      .steps = steps_allowed, .tokens = 5'000, .time = 20s, .tool_calls = calls_allowed};
  first.limits.tool_output_bytes = 80;
  first.context = {.policy = context_policy::summarise, .tokens = 700, .reserve = 100};
  first.guardrails.blocked_output = {"forbidden"};
  auto second = first;
  second.name = "second";
  second.handovers = {"main"};
  second.cache = false;
  return {first, second};
}

/// A conversation in a world where everything goes wrong: models talk nonsense, tools fail, people
/// interrupt, and the process dies with what was not on disk yet.
class wild_world {
public:
  explicit wild_world(std::uint64_t seed)
      : random_{seed}, agents_{wild_agents(), {{"expert", "K"}}} {
    revive();
  }

  void run(int inputs) {
    for (int i = 0; i < inputs; ++i) {
      at_.now += std::chrono::milliseconds{pick(300)};
      at_.wall += static_cast<unix_millis>(pick(300));
      one_input();
      check();
    }
    settle();
  }

  std::size_t crashes = 0;
  std::size_t turns_ended = 0;
  std::size_t tools_run = 0;
  std::size_t refused_calls = 0;

private:
  std::uint64_t pick(std::uint64_t below) { return random_() % below; }

  bool chance(std::uint64_t percent) { return pick(100) < percent; }

  void one_input() {
    if (!loop_->is_open())
      return begin();
    if (chance(5))
      return crash();
    if (chance(3))
      return perform(loop_->on_cancel("stop", at_));
    if (at_.now >= deadline_ && chance(50))
      return perform(loop_->on_deadline(at_));
    if (!cache_keys_.empty() && chance(60))
      return answer_cache();
    if (!orders_.empty() && chance(70))
      return answer_model();
    if (!calls_.empty())
      return answer_tool();
    if (const auto waiting = history_.approvals(); !waiting.empty() && chance(40))
      decide(waiting[pick(waiting.size())].id);
  }

  void begin() {
    turn_request request{.agent = chance(80) ? "main" : "", .key = "k" + std::to_string(turns_)};
    if (history_.turns() == 0)
      request.agent = "main";
    const auto entries = history_.entries();
    const bool was_asked = !entries.empty() && !entries.back().calls.empty() &&
                           entries.back().calls[0].phase != call_phase::ended;
    if (was_asked && chance(70)) {
      request.messages.push_back({.role = chat_role::tool,
                                  .content = "theirs",
                                  .tool_call_id = entries.back().calls[0].call.id});
    } else {
      request.messages.push_back({.content = "q" + std::string(pick(200), 'x')});
    }
    if (chance(15))
      request.client_tools = {{.name = "theirs"}};
    id_ = "t" + std::to_string(turns_++);
    auto begun = loop_->begin({.request = std::move(request), .id = id_}, at_);
    REQUIRE(begun.has_value());
    perform(std::move(*begun));
  }

  void crash() {
    ++crashes;
    // What had to be on disk is; of the rest any part from the front may be.
    const auto kept = durable_ + pick(commits_.size() - durable_ + 1);
    commits_.resize(kept);
    durable_ = kept;
    revive();
    if (history_.turn() != nullptr)
      id_ = history_.turn()->facts.id;
    if (chance(10))
      at_.wall += 30'000;
    perform(loop_->resume(at_));
  }

  void revive() {
    loop_.reset();
    orders_.clear();
    calls_.clear();
    cache_keys_.clear();
    missed_.clear();
    auto read = conversation::replay(journal());
    REQUIRE(read.has_value());
    history_ = std::move(*read);
    loop_ = std::make_unique<agent_loop>(history_, agent_environment{&tools_, &agents_, {}});
  }

  [[nodiscard]] std::vector<std::string> journal() const {
    std::vector<std::string> out;
    for (const auto& c : commits_)
      out.insert(out.end(), c.begin(), c.end());
    return out;
  }

  void perform(loop_actions actions) {
    for (auto& action : actions)
      std::visit([this](auto& a) { take(a); }, action);
  }

  void take(commit_events& x) {
    CHECK(x.first == journal().size());
    commits_.push_back(x.events);
    if (x.must_be_stored)
      durable_ = commits_.size();
    CHECK(x.approvals.size() <= calls_allowed);
  }

  void take(order_model& x) {
    CHECK(orders_.empty());
    CHECK(is_paired(x.request->messages));
    CHECK(history_.turn()->facts.steps < steps_allowed);
    orders_.push_back(x.order);
    no_tools_ = x.request->tools.empty();
  }

  void take(stop_model&) {}

  void take(run_tool& x) {
    ++tools_run;
    calls_.push_back(x.call);
    CHECK(x.key.empty() == (x.tool_effects == effects::pure));
    CHECK(tools_.check(x.tool, x.arguments).has_value());
    if (!x.key.empty())
      check_key(x.key, x.tool + x.arguments);
  }

  void take(ask_agent& x) {
    calls_.push_back(x.call);
    check_key(x.key, x.agent + x.question);
  }

  /// Never the same key for two things, nor a run that a crash could forget.
  void check_key(const std::string& key, const std::string& what) {
    const auto [known, is_new] = by_key_.emplace(key, what);
    CHECK(known->second == what);
    CHECK(durable_ == commits_.size());
  }

  void take(stop_tool& x) { CHECK(std::erase(calls_, x.call) == 1); }

  void take(ask_cache& x) { cache_keys_.push_back(x.key); }

  void take(fill_cache& x) { CHECK(std::erase(missed_, x.key) == 1); }

  void take(tell&) {}

  void take(hand_over& x) { CHECK(history_.agent() == x.agent); }

  void take(set_deadline& x) { deadline_ = x.at; }

  void take(pause_turn& x) { CHECK_FALSE(x.result.approvals.empty()); }

  void take(end_turn& x) {
    ++turns_ended;
    CHECK(ended_.insert(id_).second);
    CHECK_FALSE(loop_->is_open());
    CHECK(durable_ == commits_.size());
    CHECK((x.result.state == turn_state::answered || x.result.state == turn_state::calls_client ||
           x.result.failure.has_value()));
    CHECK(x.result.steps <= steps_allowed);
    calls_.clear();
    orders_.clear();  // A second cancel does not wait for it.
  }

  void answer_cache() {
    const auto key = cache_keys_.back();
    cache_keys_.pop_back();
    missed_.push_back(key);
    perform(loop_->on_cache({.key = key, .outcome = "miss"}, at_));
  }

  tool_call wild_call() {
    static const std::vector<std::string> names{"sum",
                                                "look_up",
                                                "save",
                                                "pay",
                                                "launch",
                                                "nonsense",
                                                "ask_expert",
                                                "hand_over_to_second",
                                                "hand_over_to_main"};
    static const std::vector<std::string> arguments{
        "",         "{}",  R"({"a":1,"b":2})", R"({"a":1,)", "[1]", "null", R"({"question":"?"})",
        "\xff\xfe", "nope"};
    tool_call out{.id = chance(80) ? "c" + std::to_string(pick(1'000)) : "c",
                  .name = names[pick(names.size())],
                  .arguments = arguments[pick(arguments.size())]};
    if (chance(30))
      out.arguments = R"({"n":)" + std::to_string(pick(1'000)) + "}";
    return out;
  }

  void answer_model() {
    const auto order = orders_.back();
    orders_.pop_back();
    model_outcome out{.reply = error{errc::unavailable, "cut"}, .cost_micro = pick(3)};
    if (chance(6)) {
      out.began = chance(50);
      out.so_far.content = chance(50) ? "half a" : "";
    } else if (chance(4)) {
      out.reply = error{errc::context_too_long, "too long"};
    } else if (chance(4)) {
      out.reply = error{errc::unavailable, "Failed to parse tool call arguments as JSON"};
    } else {
      out.reply = wild_reply();
    }
    perform(loop_->on_model_end(order, std::move(out), at_));
  }

  chat_reply wild_reply() {
    chat_reply out{.model = "m"};
    out.usage = {.prompt = pick(300), .completion = pick(50)};
    out.message.content = chance(60) ? "word " + std::to_string(pick(9)) : "";
    if (chance(5))
      out.message.content = "a forbidden \xc3 word";
    if (chance(no_tools_ ? 20 : 75)) {
      const auto n = 1 + pick(4);
      for (std::uint64_t i = 0; i < n; ++i)
        out.message.tool_calls.push_back(wild_call());
    }
    return out;
  }

  void answer_tool() {
    const auto at = pick(calls_.size());
    const auto call = calls_[at];
    calls_.erase(calls_.begin() + static_cast<std::ptrdiff_t>(at));
    tool_outcome out{.output = std::string(pick(200), 'r') + "\xff"};
    if (chance(30))
      out.output = error{errc::tool_failed, "no"};
    perform(loop_->on_tool_end(call, std::move(out), at_));
  }

  void decide(const std::string& id) {
    auto done = loop_->on_approval(id, {.allowed = chance(60), .reason = "r"}, at_);
    REQUIRE(done.has_value());
    perform(std::move(*done));
  }

  void check() {
    const auto read = conversation::replay(journal());
    REQUIRE(read.has_value());
    REQUIRE(*read == history_);
    std::vector<chat_message> all;
    for (const auto& entry : history_.entries())
      append_messages(all, entry);
    CHECK(is_paired(all));
    if (const auto* const turn = history_.turn()) {
      CHECK(turn->facts.steps <= steps_allowed);
      CHECK(turn->facts.tool_calls <= calls_allowed + steps_allowed);
    }
  }

  /// Whatever the state, it comes to an end.
  void settle() {
    for (int i = 0; i < 3 && loop_->is_open(); ++i)
      perform(loop_->on_cancel("over", at_));
    CHECK_FALSE(loop_->is_open());
    check();
    std::size_t begun = 0;
    std::size_t ended = 0;
    for (const auto& text : journal()) {
      begun += text.find(R"("k":"turn")") == 7 ? 1U : 0U;
      ended += text.find(R"("k":"end")") == 7 ? 1U : 0U;
      refused_calls += text.find("arguments do not fit") != std::string::npos ? 1U : 0U;
    }
    CHECK(begun == ended);
  }

  seeded_random random_;
  rig_tools tools_;
  fixed_agents agents_;
  conversation history_;
  std::unique_ptr<agent_loop> loop_;
  std::vector<std::vector<std::string>> commits_;
  std::size_t durable_ = 0;
  moment at_{time_point{} + 1h, 1'700'000'000'000};
  time_point deadline_ = time_point::max();
  std::vector<std::uint64_t> orders_;
  std::vector<std::string> calls_;
  std::vector<std::string> cache_keys_;
  std::vector<std::string> missed_;
  std::map<std::string, std::string> by_key_;
  std::set<std::string> ended_;
  std::string id_;
  bool no_tools_ = false;
  int turns_ = 0;
};

}  // namespace

TEST_CASE("whatever models, tools, people and crashes do, a conversation stays sound") {
  std::size_t crashes = 0;
  std::size_t ended = 0;
  std::size_t tools = 0;
  std::size_t refused = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    wild_world world{seed};
    world.run(120);
    crashes += world.crashes;
    ended += world.turns_ended;
    tools += world.tools_run;
    refused += world.refused_calls;
  }
  // The test is worth something only if all of it happened.
  CHECK(crashes > 50);
  CHECK(ended > 100);
  CHECK(tools > 160);
  CHECK(refused > 20);
}
