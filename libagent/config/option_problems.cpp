#include "libagent/config/option_problems.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>

namespace libagent {

std::string node_name_problem(std::string_view text) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  const bool fits = !text.empty() && text.size() <= 64 && std::ranges::all_of(text, is_allowed);
  return fits ? "" : "expected 1 to 64 letters, digits, underscores and dashes";
}

std::string host_problem(std::string_view text) {
  const bool fits = !text.empty() && text.find_first_of(" /\t\n") == std::string_view::npos;
  return fits ? "" : "expected an address or a host name";
}

std::string host_and_port_problem(std::string_view text) {
  if (text.empty())
    return "";
  const auto colon = text.rfind(':');
  const auto port_text = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto done = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  const bool fits = colon != std::string_view::npos &&
                    host_problem(text.substr(0, colon)).empty() && done.ec == std::errc{} &&
                    done.ptr == port_text.data() + port_text.size() && !port_text.empty();
  return fits ? "" : "expected HOST:PORT with a port of at most 65535, or nothing";
}

std::string base_url_problem(std::string_view text) {
  const bool is_web = text.starts_with("http://") || text.starts_with("https://");
  const auto host = is_web ? text.substr(text.find("://") + 3) : std::string_view{};
  const bool fits = !host.empty() && host.front() != '/' &&
                    text.find_first_of(" \t\n?#@") == std::string_view::npos;
  return text.empty() || fits ? ""
                              : "expected a URL such as http://127.0.0.1:8080/v1, without a "
                                "question mark or a password, or nothing";
}

std::string collector_problem(std::string_view text) {
  return base_url_problem(text).empty() ? ""
                                        : "expected a URL such as http://127.0.0.1:4318, without a "
                                          "question mark or a password, or nothing";
}

std::string short_text_problem(std::string_view text) {
  return text.empty() || text.size() > 128 ? "expected 1 to 128 characters" : "";
}

std::string variable_name_problem(std::string_view text) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  const bool fits =
      text.empty() || ((text[0] < '0' || text[0] > '9') && std::ranges::all_of(text, is_allowed));
  return fits ? "" : "expected the name of a variable, not the key itself";
}

}  // namespace libagent
