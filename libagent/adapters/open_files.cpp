#include "libagent/adapters/open_files.hpp"

#include <cerrno>
#include <string>
#include <sys/resource.h>
#include <system_error>

namespace libagent {

namespace {

error open_files_error(const char* what) {
  return {errc::io_failed, std::string{what} + ": " + std::generic_category().message(errno)};
}

}  // namespace

expected<std::size_t> raise_open_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return open_files_error("read the limit of open files");
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
      return open_files_error("raise the limit of open files");
  }
  return static_cast<std::size_t>(limit.rlim_cur);
}

}  // namespace libagent
