#include "tests/house/include_rules.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>

namespace libagent::testing {

namespace {

/// From the bottom up: each includes only those before it.
constexpr std::array<std::string_view, 19> room_order{
    "base",  "record",    "config", "memory",  "supervision", "tasks", "nodes",
    "cache", "knowledge", "models", "session", "telemetry",   "http",  "openai",
    "ports", "tools",     "api",    "testing", "adapters"};

/// Third-party headers that a room of the core may use, by their first folder.
struct permission {
  std::string_view room;
  std::string_view library;
};

constexpr std::array<permission, 4> core_permissions{
    {{"record", "nlohmann"}, {"config", "nlohmann"}, {"openai", "nlohmann"}, {"api", "fmt"}}};

constexpr std::array<std::string_view, 10> forbidden_in_actors{
    "boost/",  "curl/",        "sqlite3.h", "openssl/", "gumbo.h",
    "spdlog/", "sys/socket.h", "netinet/",  "fstream",  "filesystem"};

constexpr std::array<std::string_view, 4> sleeping_calls{"sleep_for", "sleep_until", "usleep",
                                                         "nanosleep"};

/// What stands behind an #include, and whether it is in quotes.
struct include_path {
  std::string path;
  bool quoted = false;
};

/// The path's first or second component; empty when there is none.
std::string component(std::string_view path, std::size_t index) {
  for (; index > 0; --index) {
    const auto slash = path.find('/');
    if (slash == std::string_view::npos)
      return "";
    path.remove_prefix(slash + 1);
  }
  const auto slash = path.find('/');
  return slash == std::string_view::npos ? "" : std::string{path.substr(0, slash)};
}

std::optional<std::size_t> room_rank(std::string_view room) {
  const auto* found = std::ranges::find(room_order, room);
  if (found == room_order.end())
    return std::nullopt;
  return static_cast<std::size_t>(found - room_order.begin());
}

std::optional<include_path> parse_include(const std::string& line) {
  const auto hash = line.find_first_not_of(" \t");
  if (hash == std::string::npos || line[hash] != '#')
    return std::nullopt;
  const auto word = line.find_first_not_of(" \t", hash + 1);
  if (word == std::string::npos || line.compare(word, 7, "include") != 0)
    return std::nullopt;
  const auto open = line.find_first_of("<\"", word);
  if (open == std::string::npos)
    return std::nullopt;
  const auto close = line.find_first_of(">\"", open + 1);
  return include_path{.path = line.substr(open + 1, close - open - 1), .quoted = line[open] == '"'};
}

bool starts_with_any(std::string_view text, std::span<const std::string_view> prefixes) {
  return std::ranges::any_of(prefixes, [&](auto prefix) { return text.starts_with(prefix); });
}

/// Why a core room may not include this library header; empty if it may.
std::string core_library_problem(const std::string& room, const std::string& header) {
  if (header == "thread")
    return "the core has no threads of its own";
  if (header.find_first_of("./") == std::string::npos)
    return "";  // a header of the standard library
  const auto allowed = [&](const permission& p) {
    return p.room == room && p.library == component(header, 0);
  };
  if (std::ranges::any_of(core_permissions, allowed))
    return "";
  return "<" + header + "> in libagent/" + room +
         ": the core uses the standard library only; put it behind a port into libagent/adapters";
}

/// Why a room may not include this file of the repository; empty if it may.
std::string room_problem(const std::string& room, const std::string& included) {
  if (component(included, 0) != "libagent")
    return "libagent/ may not include " + component(included, 0) + "/";
  const auto target = component(included, 1);
  const auto from = room_rank(room);
  const auto to = room_rank(target);
  if (!to)
    return "libagent/" + target + " is not in the order of rooms in tests/house/include_rules.cpp";
  if (from && *to > *from) {
    return "libagent/" + room + " may not include libagent/" + target +
           ", which comes later in the order of rooms";
  }
  return "";
}

std::string problem_in_libagent(const std::string& room, const include_path& include) {
  if (include.quoted)
    return room_problem(room, include.path);
  if (include.path.starts_with("caf/"))
    return "libagent/ may not include CAF; actors/ may";
  return room == "adapters" ? "" : core_library_problem(room, include.path);
}

std::string problem_in_actors(const include_path& include) {
  if (include.path.starts_with("libagent/adapters/"))
    return "actors/ may not include libagent/adapters; take a port instead";
  if (include.path.starts_with("apps/"))
    return "actors/ may not include apps/";
  if (!include.quoted && starts_with_any(include.path, forbidden_in_actors))
    return "<" + include.path + "> in actors/: actors make no blocking calls; use a port";
  return "";
}

std::string include_problem(const std::string& path, const include_path& include) {
  const auto layer = component(path, 0);
  constexpr std::array<std::string_view, 4> layers{"libagent/", "actors/", "apps/", "tests/"};
  if (include.quoted && !starts_with_any(include.path, layers))
    return "an include path is the repository path, not \"" + include.path + "\"";
  if (include.path.starts_with("tests/") && layer != "tests")
    return "nothing outside of tests/ may include tests/";
  if (layer == "libagent")
    return problem_in_libagent(component(path, 1), include);
  if (layer == "actors")
    return problem_in_actors(include);
  return "";
}

/// Why this line of code is not allowed where it stands; empty if it is.
std::string call_problem(const std::string& path, const std::string& code) {
  const auto layer = component(path, 0);
  const bool core = layer == "libagent" && component(path, 1) != "adapters";
  const bool defines_one = code.ends_with("::now() const {");  // One that tests wind by hand.
  if (core && !defines_one && code.find("::now()") != std::string::npos)
    return "the core reads no clock: take `now` as an argument";
  const auto sleeps = [&](auto call) { return has_word(code, std::string{call}); };
  if ((core || layer == "actors" || layer == "tests") &&
      std::ranges::any_of(sleeping_calls, sleeps))
    return "no sleeping here: take a time as an argument, or wait for an event";
  return "";
}

bool is_checked(const std::string& path) {
  constexpr std::array<std::string_view, 4> layers{"libagent/", "actors/", "apps/", "tests/"};
  return starts_with_any(path, layers) && (path.ends_with(".hpp") || path.ends_with(".cpp"));
}

}  // namespace

std::vector<violation> check_includes(const source_file& file) {
  std::vector<violation> found;
  if (!is_checked(file.path))
    return found;
  const auto report = [&](std::size_t line, std::string reason) {
    if (!reason.empty())
      found.push_back({.path = file.path, .line = line, .reason = std::move(reason)});
  };
  const auto room = component(file.path, 1);
  if (file.path.starts_with("libagent/") && !room_rank(room)) {
    report(1,
           "libagent/" + room + " is not in the order of rooms in tests/house/include_rules.cpp");
  }
  const auto lines = lines_of(file.text);
  const auto code = lines_of(without_comments_and_strings(file.text));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (const auto include = parse_include(lines[i]);
        include && code[i].find('#') != std::string::npos)
      report(i + 1, include_problem(file.path, *include));
    report(i + 1, call_problem(file.path, code[i]));
  }
  return found;
}

}  // namespace libagent::testing
