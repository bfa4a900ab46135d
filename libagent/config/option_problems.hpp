#pragma once

#include <string>
#include <string_view>

namespace libagent {

// What is wrong with the text of an option: each returns what was expected instead, or nothing when
// the text will do.

[[nodiscard]] std::string node_name_problem(std::string_view text);

[[nodiscard]] std::string host_problem(std::string_view text);

/// Nothing at all will do too.
[[nodiscard]] std::string host_and_port_problem(std::string_view text);

/// Of a server of models; nothing at all will do too.
[[nodiscard]] std::string base_url_problem(std::string_view text);

/// Of a collector of spans; nothing at all will do too.
[[nodiscard]] std::string collector_problem(std::string_view text);

/// Of 1 to 128 characters.
[[nodiscard]] std::string short_text_problem(std::string_view text);

/// Of an environment variable that holds a key; nothing at all will do too.
[[nodiscard]] std::string variable_name_problem(std::string_view text);

}  // namespace libagent
