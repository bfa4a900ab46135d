#include "actors/bridge/directory.hpp"

#include <caf/actor_registry.hpp>

namespace libagent::actors {

void publish(caf::actor_system& system, const std::string& path, const caf::strong_actor_ptr& who) {
  // CAF's registry keeps the old entry when a name is put twice.
  system.registry().erase(path);
  system.registry().put(path, who);
}

void retract(caf::actor_system& system, const std::string& path) {
  system.registry().erase(path);
}

caf::strong_actor_ptr find_any(caf::actor_system& system, const std::string& path) {
  return system.registry().get(path);
}

}  // namespace libagent::actors
