#include "libagent/adapters/seccomp_filter.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>

namespace libagent {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t own_architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t own_architecture = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t own_architecture = 0;
#endif

constexpr std::uint32_t refuse_with_eperm = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t pretend_success = SECCOMP_RET_ERRNO;
constexpr std::uint32_t refuse_with_enosys = SECCOMP_RET_ERRNO | ENOSYS;

constexpr auto denied_calls = std::to_array<std::uint32_t>({
    // Other processes.
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_pidfd_getfd,
    SYS_kcmp,
    // What is mounted where, and other name spaces.
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_move_mount,
    SYS_open_tree,
    SYS_fsopen,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fspick,
    SYS_mount_setattr,
    SYS_setns,
    SYS_unshare,
    SYS_open_by_handle_at,
    // The kernel and the machine.
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_kexec_file_load,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_syslog,
    SYS_acct,
    SYS_quotactl,
    SYS_vhangup,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_adjtimex,
    SYS_sethostname,
    SYS_setdomainname,
    // Keys of the kernel.
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
#if defined(__x86_64__)
    SYS_iopl,
    SYS_ioperm,
#endif
});

/// Their arguments stand in memory, where a filter cannot look; programs go on without them.
constexpr auto unknown_calls = std::to_array<std::uint32_t>(
    {SYS_clone3, SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register});

constexpr std::uint32_t new_namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                                         CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

/// Appends instructions to a filter. Jumps go only to the next few instructions.
class filter_writer {
public:
  void load(std::size_t offset) {
    add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
  }

  void give(std::uint32_t answer) { add(BPF_RET | BPF_K, answer); }

  /// Gives the answer when what is loaded equals `value`.
  void give_if(std::uint32_t value, std::uint32_t answer) {
    add(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
    give(answer);
  }

  void give_unless(std::uint32_t value, std::uint32_t answer) {
    add(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0);
    give(answer);
  }

  void give_if_at_least(std::uint32_t value, std::uint32_t answer) {
    add(BPF_JMP | BPF_JGE | BPF_K, value, 0, 1);
    give(answer);
  }

  /// For call `number`, gives the answer when its first argument has one of `bits`.
  void give_if_bits(std::uint32_t number, std::uint32_t bits, std::uint32_t answer) {
    add(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 4);
    load(first_argument);
    add(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
    give(answer);
    give(SECCOMP_RET_ALLOW);
  }

  /// For call `number`, gives the answer when its first argument is not `value`.
  void give_if_other(std::uint32_t number, std::uint32_t value, std::uint32_t answer) {
    add(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 4);
    load(first_argument);
    add(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0);
    give(answer);
    give(SECCOMP_RET_ALLOW);
  }

  std::vector<sock_filter> take() { return std::move(program_); }

private:
  // Both processors are little-endian: the lower half comes first, and the kernel reads no more of
  // an int argument.
  static constexpr std::size_t first_argument = offsetof(seccomp_data, args);

  void add(unsigned code, std::uint32_t value, std::uint8_t if_true = 0,
           std::uint8_t if_false = 0) {
    program_.push_back({static_cast<std::uint16_t>(code), if_true, if_false, value});
  }

  std::vector<sock_filter> program_;
};

}  // namespace

std::vector<sock_filter> make_seccomp_filter(const seccomp_choice& choice) {
  if constexpr (own_architecture == 0)
    return {};
  filter_writer filter;
  filter.load(offsetof(seccomp_data, arch));
  filter.give_unless(own_architecture, refuse_with_enosys);  // the numbers mean others there
  filter.load(offsetof(seccomp_data, nr));
#if defined(__x86_64__)
  filter.give_if_at_least(0x40000000U, refuse_with_enosys);  // the x32 interface, likewise
#endif
  for (const auto number : denied_calls)
    filter.give_if(number, refuse_with_eperm);
  for (const auto number : unknown_calls)
    filter.give_if(number, refuse_with_enosys);
  if (choice.keep_group) {
    filter.give_if(SYS_setsid, pretend_success);
    filter.give_if(SYS_setpgid, pretend_success);
  }
  if (!choice.network)
    filter.give_if_other(SYS_socket, AF_UNIX, refuse_with_eperm);
  filter.give_if_bits(SYS_clone, new_namespaces, refuse_with_eperm);
  filter.give(SECCOMP_RET_ALLOW);
  return filter.take();
}

}  // namespace libagent
