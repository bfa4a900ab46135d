#include "libagent/adapters/secrets.hpp"

#include "libagent/adapters/text_file.hpp"

#include <cstddef>
#include <cstdlib>

namespace libagent {

namespace {

constexpr std::size_t secret_bytes_max = std::size_t{64} << 10U;
constexpr const char* secret_blanks = " \t\r\n";

}  // namespace

std::optional<std::string> read_secret_variable(const std::string& name) {
  // Read while the program starts, before anything could change the environment.
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
  if (value == nullptr)
    return std::nullopt;
  return std::string{value};
}

expected<std::string> read_secret_file(const std::filesystem::path& file) {
  const auto text = read_text_file(file, secret_bytes_max);
  if (!text)
    return text.error();
  const auto first = text->find_first_not_of(secret_blanks);
  if (first == std::string::npos)
    return error{errc::invalid_argument, "read the secret in " + file.string() + ": it is empty"};
  return text->substr(first, text->find_last_not_of(secret_blanks) - first + 1);
}

}  // namespace libagent
