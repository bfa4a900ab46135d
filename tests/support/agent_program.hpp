#pragma once

#include "libagent/adapters/http_client.hpp"
#include "libagent/base/error.hpp"

#include "tests/support/child_process.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

/// The real program, for tests of whole processes. `LIBAGENT_AGENT` is its path.
namespace libagent::testing {

/// Generous, for machines that are busy with other things; only failures take this long.
inline constexpr std::chrono::seconds process_patience{60};

/// The program with its data in `home`, and with that as its working folder.
inline child_command agent_command(const temporary_folder& home, std::vector<std::string> words) {
  words.insert(words.begin(), LIBAGENT_AGENT);
  return {.words = std::move(words),
          .environment = {{"HOME", home.path().string()}, {"XDG_DATA_HOME", home.path().string()}},
          .directory = home.path().string()};
}

/// What a run of the program printed, and how it ended.
struct program_run {
  std::string output;
  std::string errors;
  int code = -1;
};

inline program_run run_agent(const temporary_folder& home, std::vector<std::string> words) {
  child_process process{agent_command(home, std::move(words))};
  program_run run;
  run.output = process.read_rest(process_patience);
  const auto ended = process.wait(process_patience);
  run.errors = process.errors();
  if (ended && ended->code) {
    run.code = *ended->code;
  }
  return run;
}

/// A running `agent serve` on a free port.
class served_agent {
public:
  served_agent(const temporary_folder& home, std::vector<std::string> flags)
      : process_{agent_command(home, command(std::move(flags)))},
        ready_(
            nlohmann::json::parse(process_.wait_for_line(R"("event":"ready")", process_patience))) {
  }

  [[nodiscard]] child_process& process() { return process_; }

  /// The line that it printed when it was ready.
  [[nodiscard]] const nlohmann::json& ready() const { return ready_; }

  [[nodiscard]] std::string url(const std::string& path) const {
    return ready_.at("http").get<std::string>() + path;
  }

  /// Status and body of an answer.
  using reply = std::pair<int, nlohmann::json>;

  reply get(const std::string& path) { return call({.url = url(path)}); }

  /// The body of an answer that is not JSON.
  std::string get_text(const std::string& path) {
    const auto answer = http_client{}.send({.url = url(path)});
    return answer ? answer->body : std::string{};
  }

  reply post(const std::string& path, const nlohmann::json& body) {
    return call({.method = "POST",
                 .url = url(path),
                 .headers = {{"Content-Type", "application/json"}},
                 .body = body.dump(),
                 .timeout = process_patience});
  }

  reply erase(const std::string& path) { return call({.method = "DELETE", .url = url(path)}); }

  /// Runs a tool and waits for its end.
  reply run(const std::string& tool, const nlohmann::json& arguments) {
    return post("/v1/tasks", {{"tool", tool}, {"arguments", arguments}, {"wait", true}});
  }

private:
  static std::vector<std::string> command(std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"serve", "--port", "0"});
    return flags;
  }

  static reply call(const http_call& what) {
    http_client client;
    const auto answer = client.send(what);
    if (!answer) {
      FAIL(what.method << " " << what.url << ": " << to_string(answer.error()));
    }
    return {answer->status, nlohmann::json::parse(answer->body, nullptr, false)};
  }

  child_process process_;
  nlohmann::json ready_;
};

}  // namespace libagent::testing
