#include "apps/lab/models/turn_peers.hpp"

#include "apps/lab/models/line_program.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

namespace libagent::lab {

namespace {

constexpr std::chrono::seconds peer_patience{60};

}  // namespace

std::vector<turn_peer> turn_peers_in(const std::string& folder) {
  std::vector<turn_peer> all;
  for (const auto& kind : turn_contestants())
    all.push_back({.name = kind.name, .program = {"/proc/self/exe", "turn-part", kind.name}});
  std::error_code failed;
  if (folder.empty() || !std::filesystem::is_directory(folder, failed))
    return all;
  const std::filesystem::path in{folder};
  const auto script = [&](const char* name) { return (in / name).string(); };
  all.push_back({.name = "node:http", .program = {"node", script("node_http.mjs")}});
  all.push_back({.name = "asyncio, streams",
                 .program = {"python3", script("asyncio_turns.py")},
                 .arguments = {"streams"}});
  all.push_back({.name = "asyncio, aiohttp",
                 .program = {"python3", script("asyncio_turns.py")},
                 .arguments = {"aiohttp"}});
  all.push_back({.name = "OpenAI Agents SDK",
                 .program = {"node", script("openai_agents.mjs")},
                 .is_js_framework = true});
  all.push_back({.name = "LangGraph.js",
                 .program = {"node", script("langgraph.mjs")},
                 .is_js_framework = true});
  return all;
}

expected<turn_figures> run_turn_peer(const turn_peer& peer, std::uint16_t model_port,
                                     const turn_run& run) {
  auto command = peer.program;
  for (const auto number :
       {static_cast<std::int64_t>(model_port), static_cast<std::int64_t>(run.users),
        run.measured.count(), run.warm_up.count()})
    command.push_back(std::to_string(number));
  command.insert(command.end(), peer.arguments.begin(), peer.arguments.end());
  const auto line = run_for_line(command, run.warm_up + run.measured + peer_patience);
  if (!line)
    return line.error();
  auto figures = turn_figures_of(*line);
  if (figures && figures->wrong > 0) {
    return error{errc::corrupt, fmt::format("run turns of {}: {} went wrong, the last one: {}",
                                            peer.name, figures->wrong, figures->what)};
  }
  return figures;
}

}  // namespace libagent::lab
