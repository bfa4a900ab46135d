#include "apps/lab/sessions_live.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/node.hpp"
#include "actors/paths.hpp"
#include "actors/session_client.hpp"
#include "apps/lab/child_program.hpp"
#include "apps/lab/overhead_process.hpp"
#include "apps/lab/sessions_filling.hpp"
#include "libagent/adapters/sqlite_session_store.hpp"
#include "libagent/base/random.hpp"
#include "libagent/session/session_event.hpp"
#include "libagent/tools/tool_registry.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <malloc.h>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace libagent::lab {

namespace {

constexpr const char* live_agent = "weather";
constexpr const char* live_model = "instant/instant";
constexpr double live_mib = 1 << 20;

std::uint64_t stored_conversations(const lab_options& options) {
  return options.quick ? 3'000 : 100'000;
}

std::string some_words(std::size_t bytes, seeded_random& random) {
  std::string text;
  while (text.size() < bytes)
    text += static_cast<char>(random() % 6 == 0 ? ' ' : 'a' + random() % 26);
  return text;
}

/// A question, a tool call, its result and the answer, as the loop of an agent stores them.
std::vector<std::string> live_turn_texts(std::uint64_t turn, seeded_random& random) {
  const auto number = std::to_string(turn);
  const tool_call call{.id = "call_" + number,
                       .name = "get_weather",
                       .arguments = R"({"city":")" + some_words(12, random) + R"("})"};
  const std::vector<session_event> events{
      turn_began{.id = "t" + number,
                 .key = {},
                 .agent = live_agent,
                 .messages = {{.role = chat_role::user, .content = some_words(60, random)}},
                 .terms = {},
                 .at = lab_sessions_begin},
      step_taken{.message = {.role = chat_role::assistant, .tool_calls = {call}},
                 .finish = finish_reason::tool_calls,
                 .model = live_model,
                 .usage = {.prompt = 200, .completion = 20},
                 .citations = {}},
      tools_started{.calls = {call.id}},
      tool_ended{.call = call.id, .output = some_words(450, random), .usage = {}},
      step_taken{.message = {.role = chat_role::assistant, .content = some_words(290, random)},
                 .model = live_model,
                 .usage = {.prompt = 350, .completion = 80},
                 .citations = {}},
      turn_ended{.failure = {}, .cache = {}, .at = lab_sessions_begin}};
  std::vector<std::string> texts(events.size());
  std::ranges::transform(events, texts.begin(), encode_event);
  return texts;
}

/// Answers at once, on the thread that asks: what is left is libagent's part.
class instant_model final : public chat_model {
public:
  void start(chat_call call) override {
    chat_reply reply{.model = "instant"};
    reply.message = {.role = chat_role::assistant, .content = "Sunny, 21 degrees."};
    reply.usage = {.prompt = 400, .completion = 8};
    call.on_end({.reply = std::move(reply), .so_far = {}, .began = false});
  }
};

std::unique_ptr<actors::node> start_live_node(session_store_ptr store) {
  agent_declaration agent{.name = live_agent,
                          .description = "Helps with the weather.",
                          .instructions = "Be brief.",
                          .model = live_model};
  actors::node_parts parts;
  parts.declared = {std::move(agent)};
  parts.sessions = std::move(store);
  parts.models = [](const actors::task_starter&) {
    return std::vector<actors::model_provider>{
        {.settings = {.name = "instant", .url = "http://127.0.0.1:9"},
         .model = std::make_shared<instant_model>()}};
  };
  actors::node_options options;
  // They stay until they are told to go.
  options.sessions = {.resident_max = 1'000'000, .passivate_after = std::chrono::hours{1}};
  options.session_retention = std::chrono::hours{24 * 365 * 100};
  return value_or_trouble(
      actors::node::start(options, std::make_shared<tool_registry>(), {}, parts));
}

/// The process with the node.
class live_sessions {
public:
  live_sessions(const lab_options& options, const std::string& file)
      : count_{stored_conversations(options)},
        store_{value_or_trouble(open_sqlite_session_store({.file = file})).store},
        node_{start_live_node(store_)},
        client_{node_->system()},
        others_{node_->system().registry().running()} {}

  nlohmann::ordered_json run();

private:
  std::vector<double> revive(std::uint64_t first, std::uint64_t count);
  std::vector<double> ask(std::uint64_t first, std::uint64_t count);
  void let_all_go();
  [[nodiscard]] std::uint64_t resident();

  std::uint64_t count_;
  session_store_ptr store_;
  std::unique_ptr<actors::node> node_;
  actors::session_client client_;
  std::size_t others_;  ///< Actors that are no conversation.
};

nlohmann::ordered_json json_of(std::vector<double> ms) {
  const auto count = ms.size();
  const auto seen = quantiles_of(std::move(ms));
  return {{"times", count}, {"p50", seen.p50}, {"p99", seen.p99}, {"max", seen.max}};
}

/// To listen to a conversation brings it into memory.
std::vector<double> live_sessions::revive(std::uint64_t first, std::uint64_t count) {
  std::vector<double> ms;
  for (auto number = first; number < first + count; ++number) {
    ms.push_back(1e3 * seconds_of([&] {
                   const auto last = value_or_trouble(client_.follow(lab_session(number)));
                   if (last.state != turn_state::answered)
                     throw store_trouble{{errc::internal, "follow: not the turn that was stored"}};
                 }));
  }
  return ms;
}

std::vector<double> live_sessions::ask(std::uint64_t first, std::uint64_t count) {
  std::vector<double> ms;
  for (auto number = first; number < first + count; ++number) {
    const auto name = lab_session(number);
    turn_request request{.agent = live_agent, .session = name.id};
    request.messages.push_back({.role = chat_role::user, .content = "And tomorrow?"});
    request.client = name.client;
    ms.push_back(1e3 * seconds_of([&] {
                   const auto result = value_or_trouble(client_.run(std::move(request)));
                   if (result.state != turn_state::answered)
                     throw store_trouble{{errc::internal, "ask: it was not answered"}};
                 }));
  }
  return ms;
}

std::uint64_t live_sessions::resident() {
  const caf::scoped_actor self{node_->system()};
  const auto sessions =
      actors::find<actors::sessions_actor>(node_->system(), actors::sessions_path);
  std::uint64_t found = 0;
  self->request(sessions, caf::infinite, actors::status_atom_v)
      .receive([&](const sessions_status& status) { found = status.resident; },
               [](const caf::error&) {
                 throw store_trouble{{errc::unavailable, "ask the sessions: they are gone"}};
               });
  return found;
}

void live_sessions::let_all_go() {
  caf::anon_send(actors::find<actors::sessions_actor>(node_->system(), actors::sessions_path),
                 actors::pressure_atom_v, pressure_level::high);
  // Their actors end a little after they are no longer known.
  while (resident() > 0 || node_->system().registry().running() > others_)
    std::this_thread::yield();
}

nlohmann::ordered_json live_sessions::run() {
  const auto some = count_ / 10;
  nlohmann::ordered_json seen;
  seen["started_mib"] = static_cast<double>(resident_bytes(0)) / live_mib;
  // The first ones fill what is shared: pages of the file, tables, arenas.
  (void)revive(0, some / 10);
  const auto heap_before = mallinfo2().uordblks;
  const auto resident_before = resident_bytes(0);
  seen["revive"] = json_of(revive(some, some));
  const auto grown = [some](std::uint64_t before, std::uint64_t after) {
    return (static_cast<double>(after) - static_cast<double>(before)) / static_cast<double>(some);
  };
  seen["heap_bytes"] = grown(heap_before, mallinfo2().uordblks);
  seen["rss_bytes"] = grown(resident_before, resident_bytes(0));
  seen["resident"] = resident();
  seen["full_mib"] = static_cast<double>(resident_bytes(0)) / live_mib;
  let_all_go();
  ::malloc_trim(0);  // As the memory monitor has it done.
  seen["gone_mib"] = static_cast<double>(resident_bytes(0)) / live_mib;
  const auto turns = std::min<std::uint64_t>(some, 2'000);
  seen["turn_revived"] = json_of(ask(3 * some, turns));
  seen["turn_resident"] = json_of(ask(3 * some, turns));
  return seen;
}

void add_live_times(report& into, const char* what, const nlohmann::ordered_json& ms) {
  into.add_row("how soon a conversation goes on",
               {{"what", what},
                {"times", ms.at("times")},
                {"p50 ms", fmt::format("{:.2f}", ms.at("p50").get<double>())},
                {"p99 ms", fmt::format("{:.2f}", ms.at("p99").get<double>())},
                {"max ms", fmt::format("{:.2f}", ms.at("max").get<double>())}});
}

void add_live_memory(report& into, const char* when, const nlohmann::ordered_json& mib) {
  into.add_row("memory of a process with a node",
               {{"when", when}, {"RSS MiB", fmt::format("{:.1f}", mib.get<double>())}});
}

}  // namespace

int run_live_sessions_part(const lab_options& options, const std::string& file) {
  try {
    tell_parent(live_sessions{options, file}.run());
    return 0;
  } catch (const store_trouble& trouble) {
    std::cerr << "agent-lab: " << trouble.what() << '\n';
    return 1;
  }
}

void measure_live_sessions(report& into, const lab_options& options, lab_folder& folder) {
  const auto file = folder.next();
  const auto count = stored_conversations(options);
  announce(fmt::format("filling a store with {} conversations of an agent", count));
  {
    const auto store = value_or_trouble(open_sqlite_session_store({.file = file})).store;
    fill_sessions(*store, {.sessions = count, .seed = options.seed, .texts = live_turn_texts});
  }
  announce("a node over it");
  std::vector<std::string> arguments{"sessions", "--part", file.string()};
  if (options.quick)
    arguments.emplace_back("--quick");
  const auto child = run_child_program(arguments);
  if (child.exit_code != 0 || !child.last.contains("turn_resident"))
    throw store_trouble{{errc::internal, "measure sessions: the process with the node failed"}};
  const auto& seen = child.last;
  add_live_memory(into, "the node has started", seen.at("started_mib"));
  add_live_memory(into,
                  fmt::format("{} are in memory", seen.at("resident").get<std::uint64_t>()).c_str(),
                  seen.at("full_mib"));
  add_live_memory(into, "memory was short: all were let go", seen.at("gone_mib"));
  into.add_row("one more conversation in memory, 5 turns with a tool call each",
               {{"heap bytes", fmt::format("{:.0f}", seen.at("heap_bytes").get<double>())},
                {"RSS bytes", fmt::format("{:.0f}", seen.at("rss_bytes").get<double>())}});
  add_live_times(into, "revive one", seen.at("revive"));
  add_live_times(into, "a turn of one that is not in memory", seen.at("turn_revived"));
  add_live_times(into, "the next turn of the same", seen.at("turn_resident"));
  into.add_aim("an idle conversation in memory, RSS", aim_is::at_most, 8'192,
               seen.at("rss_bytes").get<double>(), "bytes");
  into.add_aim("RSS of a node with so many stored conversations", aim_is::at_most, 64,
               seen.at("started_mib").get<double>(), "MiB");
  into.add_aim("p99 of reviving one", aim_is::at_most, 20,
               seen.at("revive").at("p99").get<double>(), "ms");
  into.add_aim("p99 of a turn of one that is not in memory", aim_is::at_most, 20,
               seen.at("turn_revived").at("p99").get<double>(), "ms");
}

}  // namespace libagent::lab
