#include "apps/agent/signals.hpp"

#include <csignal>
#include <pthread.h>
#include <thread>
#include <utility>

namespace libagent::app {

struct signal_watch::impl {
  std::function<void(int, int)> on_signal;
  sigset_t watched{};
  std::thread thread;

  void run() {
    int earlier = 0;
    for (;;) {
      int signal = 0;
      if (sigwait(&watched, &signal) != 0)
        continue;
      if (signal == SIGUSR2)  // Only our own destructor sends it, to this thread.
        return;
      on_signal(signal, earlier++);
    }
  }
};

signal_watch::signal_watch(std::function<void(int, int)> on_signal)
    : impl_{std::make_unique<impl>()} {
  impl_->on_signal = std::move(on_signal);
  sigemptyset(&impl_->watched);
  for (const int signal : {SIGINT, SIGTERM, SIGUSR2})
    sigaddset(&impl_->watched, signal);
  pthread_sigmask(SIG_BLOCK, &impl_->watched, nullptr);
  impl_->thread = std::thread{[state = impl_.get()] { state->run(); }};
}

signal_watch::~signal_watch() {
  pthread_kill(impl_->thread.native_handle(), SIGUSR2);
  impl_->thread.join();
}

}  // namespace libagent::app
