#include "apps/lab/faults/model_under_fault.hpp"

#include "apps/lab/faults/fault_client.hpp"
#include "apps/lab/faults/http_call.hpp"
#include "apps/lab/models/stub_process.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <system_error>

namespace libagent::lab {

namespace {

using nlohmann::ordered_json;

constexpr std::chrono::milliseconds stats_patience{1'000};

/// Impatient, so that what stalls is found out within the length of a seed.
ordered_json impatient_provider(std::uint16_t port) {
  return {{"name", "stub"},
          {"url", "http://127.0.0.1:" + std::to_string(port) + "/v1"},
          {"calls_max", 8},
          {"timeouts",
           {{"connect_ms", 300},
            {"first_byte_ms", 400},
            {"between_chunks_ms", 300},
            {"total_ms", 3'000}}},
          {"retry", {{"attempts_max", 3}, {"base_ms", 20}, {"cap_ms", 100}}},
          {"breaker", {{"pause_ms", 100}, {"pause_max_ms", 400}}}};
}

ordered_json errand_agent() {
  return {{"name", "errand"},
          {"description", "Runs one errand."},
          {"instructions", "Run the errand, then say what you were asked."},
          {"model", "stub/stub,tokens=4"},
          {"tools", {"errand"}},
          {"limits", {{"time_ms", 10'000}}}};
}

std::vector<std::string> stub_flags_of(const seed_plan& plan) {
  std::vector<std::string> flags{"--echo", "--seed", std::to_string(plan.seed)};
  std::string names;
  for (const auto fault : plan.model_faults)
    names.append(names.empty() ? "" : ",").append(fault_name(fault));
  if (!names.empty()) {
    for (const auto& each : {std::string{"--faults"}, names, std::string{"--fault-share"},
                             std::to_string(plan.model_fault_share)})
      flags.push_back(each);
  }
  return flags;
}

}  // namespace

expected<std::unique_ptr<model_under_fault>> model_under_fault::start(
    const std::filesystem::path& folder, const seed_plan& plan) {
  auto server = start_stub_process(stub_flags_of(plan));
  if (!server)
    return server.error();
  auto network = tcp_proxy::start(server->port());
  if (!network)
    return network.error();
  std::unique_ptr<model_under_fault> made{
      new model_under_fault{folder, *std::move(server), *std::move(network)}};
  if (auto written = made->write_files(); !written)
    return written.error();
  return made;
}

expected<void> model_under_fault::write_files() const {
  std::error_code failed;
  std::filesystem::create_directories(folder_ / "agents", failed);
  std::ofstream models{folder_ / "models.json"};
  models << ordered_json{{"providers", ordered_json::array({impatient_provider(network_->port())})}}
                .dump(2);
  std::ofstream agent{folder_ / "agents" / "errand.json"};
  agent << errand_agent().dump(2);
  if (!models.flush() || !agent.flush())
    return error{errc::io_failed, "write what a node needs for its models in " + folder_.string()};
  return {};
}

std::vector<std::pair<std::string, std::string>> model_under_fault::environment() const {
  return {{"LIBAGENT_MODELS_FILE", (folder_ / "models.json").string()},
          {"LIBAGENT_AGENTS_FOLDER", (folder_ / "agents").string()}};
}

std::map<std::string, std::uint64_t> model_under_fault::faults() const {
  const auto answer = call_http(server_.port(), {.path = "/stats"}, call_deadline(stats_patience));
  std::map<std::string, std::uint64_t> counts;
  if (!answer || !answer->body.is_object())
    return counts;
  const auto by_fault = answer->body.value("by_fault", nlohmann::json::object());
  for (const auto& [name, count] : by_fault.items())
    counts["model: " + name] = count.get<std::uint64_t>();
  return counts;
}

}  // namespace libagent::lab
