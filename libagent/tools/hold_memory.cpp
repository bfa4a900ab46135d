#include "libagent/tools/hold_memory.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace libagent {

expected<memory_hold> hold_memory(memory_ledger& ledger, std::uint64_t bytes) {
  auto grant = ledger.try_reserve(bytes);
  if (!grant) {
    return error{.code = errc::overloaded,
                 .context = "reserve " + std::to_string(bytes) +
                            " bytes of memory: " + std::to_string(ledger.headroom()) + " are free",
                 .retry_after = std::chrono::seconds{1}};
  }
  return (*std::move(grant)).share();
}

}  // namespace libagent
