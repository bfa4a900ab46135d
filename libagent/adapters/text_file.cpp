#include "libagent/adapters/text_file.hpp"

#include <cstdint>
#include <fstream>
#include <iterator>
#include <system_error>

namespace libagent {

expected<std::string> read_text_file(const std::filesystem::path& file, std::size_t bytes_max) {
  const auto what = "read " + file.string() + ": ";
  std::error_code failed;
  const std::uintmax_t size = std::filesystem::file_size(file, failed);
  if (failed)
    return error{errc::io_failed, what + failed.message()};
  if (size > bytes_max) {
    return error{errc::too_large,
                 what + "expected at most " + std::to_string(bytes_max) + " bytes"};
  }
  std::ifstream in{file, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (!in)
    return error{errc::io_failed, what + "it cannot be read"};
  return text;
}

}  // namespace libagent
