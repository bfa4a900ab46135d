#include "actors/bridge/actor_system.hpp"

#include "actors/bridge/polling_sharing.hpp"
#include "actors/protocol/types.hpp"
#include "libagent/base/contract.hpp"

#include <caf/init_global_meta_objects.hpp>
#include <caf/io/middleman.hpp>
#include <caf/scheduler/coordinator.hpp>
#include <caf/thread_hook.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace libagent::actors {

namespace {

/// Sets the priority of the pool's threads as they start. Lowering needs no privilege.
class pool_priority final : public caf::thread_hook {
public:
  pool_priority(int nice, std::function<void()> set) : nice_{nice}, set_{std::move(set)} {}

  void init(caf::actor_system&) override {}

  void thread_started() override {
    // CAF names a thread before it calls the hook; only the pool's are "caf.worker".
    std::array<char, 16> name{};
    ::prctl(PR_GET_NAME, name.data());
    if (std::string_view{name.data()} != "caf.worker")
      return;
    if (set_) {
      set_();
    } else {
      ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), nice_);
    }
  }

  void thread_terminates() override {}

private:
  int nice_;
  std::function<void()> set_;
};

std::size_t pool_size(std::size_t wanted) {
  return wanted != 0 ? wanted : std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

}  // namespace

void init_types() {
  static std::once_flag once;
  std::call_once(once, [] {
    caf::init_global_meta_objects<caf::id_block::libagent_types>();
    caf::io::middleman::init_global_meta_objects();
    caf::core::init_global_meta_objects();
  });
}

actor_system_config::actor_system_config(const actor_system_options& options)
    : events_{options.events ? options.events : std::make_shared<null_event_sink>()} {
  LIBAGENT_EXPECTS(options.pool_nice >= 0 && options.pool_nice <= 19);
  LIBAGENT_EXPECTS(options.max_throughput > 0);
  const bool polls = options.policy == "polling";
  LIBAGENT_EXPECTS(polls || options.policy == "sharing" || options.policy == "stealing");
  init_types();
  // The wiring alone decides; a stray file in the working directory must not.
  config_file_path = "";
  const bool on_threads = options.run_by == scheduling::threads;
  if (on_threads && polls) {
    module_factories.emplace_back([](caf::actor_system& system) -> caf::actor_system::module* {
      return new caf::scheduler::coordinator<polling_sharing>{system};  // CAF takes it over
    });
  } else {
    set("caf.scheduler.policy", on_threads ? options.policy : "testing");
  }
  set("caf.scheduler.max-threads", pool_size(options.threads));
  set("caf.scheduler.max-throughput", options.max_throughput);
  add_thread_hook<pool_priority>(options.pool_nice, options.on_pool_thread);
  if (!options.networked)
    return;
  load<caf::io::middleman>();
  // Without own workers the network's messages do not wait for the pool.
  set("caf.middleman.workers", std::size_t{0});
  set("caf.middleman.heartbeat-interval", caf::timespan{std::chrono::seconds{1}});
  set("caf.middleman.connection-timeout", caf::timespan{std::chrono::seconds{4}});
  // On, this would open a port on all interfaces without TLS.
  set("caf.middleman.enable-automatic-connections", false);
  set("caf.middleman.app-identifiers", std::vector<std::string>{"libagent-v1"});
}

event_sink& events_of(caf::actor_system& system) {
  static null_event_sink nowhere;
  const auto* ours = dynamic_cast<const actor_system_config*>(&system.config());
  return ours != nullptr ? ours->events() : nowhere;
}

}  // namespace libagent::actors
