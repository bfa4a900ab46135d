#include <iostream>

#include "libagent/base/task_id.hpp"

int main() {
  const auto id = libagent::make_task_id(libagent::unix_millis{}, 1, 2);
  std::cout << to_string(id) << '\n';
  return libagent::task_id_from_string(to_string(id)) == id ? 0 : 1;
}
