#include "apps/lab/wrk.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <regex>
#include <unistd.h>

namespace libagent::lab {

namespace {

/// A Lua script for wrk, deleted with this object.
class request_script {
public:
  explicit request_script(const std::string& body)
      : path_{std::filesystem::temp_directory_path() / fmt::format("agent-lab-{}.lua", getpid())} {
    std::ofstream out{path_};
    out << "wrk.method = \"POST\"\nwrk.headers[\"Content-Type\"] = \"application/json\"\n"
        << "wrk.body = [==[" << body << "]==]\n";
  }

  request_script(const request_script&) = delete;
  request_script& operator=(const request_script&) = delete;

  ~request_script() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }

  [[nodiscard]] std::string argument() const { return " -s " + path_.string(); }

private:
  std::filesystem::path path_;
};

std::string output_of(const std::string& command) {
  const auto close = [](std::FILE* pipe) { (void)pclose(pipe); };
  // NOLINTNEXTLINE(cert-env33-c): a fixed command with our own URL.
  const std::unique_ptr<std::FILE, decltype(close)> pipe{popen(command.c_str(), "r"), close};
  std::string output;
  std::array<char, 4096> buffer{};
  while (pipe && std::fgets(buffer.data(), buffer.size(), pipe.get()) != nullptr)
    output += buffer.data();
  return output;
}

/// Sums the numbers that `pattern` captures.
double captured(const std::string& text, const char* pattern) {
  double sum = 0;
  const std::regex wanted{pattern};
  for (std::sregex_iterator match{text.begin(), text.end(), wanted}, end; match != end; ++match) {
    for (std::size_t i = 1; i < match->size(); ++i)
      sum += std::strtod((*match)[i].str().c_str(), nullptr);
  }
  return sum;
}

}  // namespace

expected<wrk_result> run_wrk(const wrk_load& load) {
  std::unique_ptr<request_script> script;
  if (!load.post_body.empty())
    script = std::make_unique<request_script>(load.post_body);
  const auto output =
      output_of(fmt::format("wrk -t1 -c{} -d{}s{} {} 2>/dev/null", load.connections,
                            load.length.count(), script ? script->argument() : "", load.url));
  const auto rate = captured(output, R"(Requests/sec:\s+([0-9.]+))");
  if (rate <= 0)
    return error{errc::unavailable, "run wrk: no result (is the package wrk installed?)"};
  const auto failed = captured(output, R"(Non-2xx or 3xx responses: ([0-9]+))") +
                      captured(output, R"(connect (\d+), read (\d+), write (\d+), timeout (\d+))");
  return wrk_result{rate, static_cast<std::uint64_t>(failed)};
}

}  // namespace libagent::lab
