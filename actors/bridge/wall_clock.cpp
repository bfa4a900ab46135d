#include "actors/bridge/wall_clock.hpp"

#include <chrono>

namespace libagent::actors {

unix_millis system_unix_time() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
}

}  // namespace libagent::actors
