#include "apps/lab/models/stub_flags.hpp"

#include "apps/lab/models/stub_server.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

namespace libagent::lab {

void stub_flags::add_to(CLI::App& command) {
  auto& load = options_.load;
  command.add_option("--port", options_.port, "On 127.0.0.1; 0: any, and it ends with its parent")
      ->capture_default_str();
  command.add_option("--think-ms", think_ms_, "Before the first token")->check(CLI::Range(600'000));
  command.add_option("--gap-ms", gap_ms_, "Between two tokens")->check(CLI::Range(60'000));
  command.add_option("--tokens", load.tokens, "Of a text")
      ->capture_default_str()
      ->check(CLI::Range(100'000));
  command.add_option("--rounds", load.rounds, "Replies that call tools before there is a text")
      ->capture_default_str();
  command.add_option("--calls", load.calls, "Tools called in each of these")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  command.add_flag("--echo", load.echo, "Say what the user said, also in a tool's arguments");
  command.add_option("--faults", faults_, "Names of faults, with commas between")->delimiter(',');
  command.add_option("--fault-share", options_.fault_share, "Of the requests that meet one")
      ->check(CLI::Range(0.0, 1.0));
  command.add_option("--seed", options_.seed, "Of the faults")->capture_default_str();
  command.add_option("--retry-after-s", retry_after_s_, "Of rate_limited")->capture_default_str();
  command.add_option("--slots", options_.slots, "As /props says")->capture_default_str();
  command.add_option("--context-tokens", options_.context_tokens, "Of a request, at most")
      ->capture_default_str();
  command.add_option("--dimensions", options_.dimensions, "Of an embedding")
      ->capture_default_str()
      ->check(CLI::Range(1, 65'536));
  command.add_option("--api-key", options_.api_key, "Wanted from clients; empty: none");
  command.footer(
      "The model's name in a request overrides: NAME,tokens=200,think_ms=700,gap_ms=10,rounds=2,"
      "calls=3,echo=1,fault=cut");
}

expected<stub_options> stub_flags::options() const {
  auto chosen = options_;
  chosen.load.think = std::chrono::milliseconds{think_ms_};
  chosen.load.gap = std::chrono::milliseconds{gap_ms_};
  chosen.retry_after = std::chrono::seconds{retry_after_s_};
  for (const auto& name : faults_) {
    const auto fault = stub_fault_of(name);
    if (!fault)
      return fault.error();
    chosen.faults.push_back(*fault);
  }
  if (!chosen.faults.empty() && chosen.fault_share == 0)
    chosen.fault_share = 1;
  return chosen;
}

int run_model_server(const stub_flags& flags) {
  const auto options = flags.options();
  if (!options) {
    std::cerr << "agent-lab: " << to_string(options.error()) << '\n';
    return 1;
  }
  return run_model_server(*options);
}

}  // namespace libagent::lab
