#include "libagent/adapters/landlock_rules.hpp"

#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <system_error>

namespace libagent {

namespace {

// Newer than the headers of some systems that are supported; see linux/landlock.h.
constexpr std::uint64_t landlock_truncate = std::uint64_t{1} << 14U;
constexpr std::uint64_t landlock_device_control = std::uint64_t{1} << 15U;
constexpr std::uint64_t scope_of_sockets_and_signals = 3;

/// landlock_ruleset_attr as of version 6; older kernels take the beginning of it.
struct landlock_attributes {
  std::uint64_t files = 0;
  std::uint64_t network = 0;
  std::uint64_t scoped = 0;
};

constexpr std::uint64_t rights_to_read =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
/// Those that are meant for a file and not for a folder.
constexpr std::uint64_t rights_on_files =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
    landlock_truncate | landlock_device_control;

std::uint64_t rights_known_to(int version) {
  std::uint64_t rights = (std::uint64_t{LANDLOCK_ACCESS_FS_MAKE_SYM} << 1U) - 1;  // version 1
  if (version >= 2)
    rights |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= 3)
    rights |= landlock_truncate;
  if (version >= 5)
    rights |= landlock_device_control;
  return rights;
}

error landlock_error(const std::string& what) {
  return {errc::io_failed,
          "restrict the file system: " + what + ": " + std::generic_category().message(errno)};
}

expected<void> allow_path(int rules, const std::string& path, std::uint64_t rights) {
  const owned_descriptor opened{::open(path.c_str(), O_PATH | O_CLOEXEC)};
  if (!opened.is_open()) {
    if (errno == ENOENT || errno == EACCES || errno == ENOTDIR)
      return {};
    return landlock_error(path);
  }
  struct stat about{};
  if (::fstat(opened.get(), &about) != 0)
    return landlock_error(path);
  landlock_path_beneath_attr rule{
      .allowed_access = S_ISDIR(about.st_mode) ? rights : rights & rights_on_files,
      .parent_fd = opened.get()};
  if (::syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
    return landlock_error(path);
  return {};
}

}  // namespace

int landlock_version() {
  static const auto version = static_cast<int>(
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION));
  return version < 0 ? 0 : version;
}

expected<owned_descriptor> make_landlock_rules(const landlock_paths& paths) {
  const int version = landlock_version();
  if (version == 0)
    return error{errc::unsupported, "restrict the file system: this kernel has no Landlock"};
  const auto known = rights_known_to(version);
  const landlock_attributes attributes{.files = known,
                                       .scoped = version >= 6 ? scope_of_sockets_and_signals : 0};
  const std::size_t size = version >= 6 ? sizeof attributes : sizeof attributes.files;
  owned_descriptor rules{
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, size, 0))};
  if (!rules.is_open())
    return landlock_error("make rules");
  for (const auto& path : paths.readable) {
    if (auto allowed = allow_path(rules.get(), path, rights_to_read); !allowed)
      return allowed.error();
  }
  for (const auto& path : paths.writable) {
    if (auto allowed = allow_path(rules.get(), path, known); !allowed)
      return allowed.error();
  }
  return rules;
}

}  // namespace libagent
