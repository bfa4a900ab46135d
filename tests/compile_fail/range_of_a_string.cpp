// error: range() is for numbers
#include "libagent/record/json_writer.hpp"

#include <string>

struct greeting {
  std::string name;
};

template <class Inspector>
bool inspect(Inspector& f, greeting& x) {
  return libagent::record(f, x, "greeting",
                          libagent::field("name", "Whom to greet.", x.name).range(0, 1));
}

int main() {
  std::string json;
  libagent::append_json(json, greeting{"you"});
}
