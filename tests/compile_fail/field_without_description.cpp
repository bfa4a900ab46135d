// error: a record field needs a description: field(name, description, value)
#include "libagent/record/json_writer.hpp"

#include <string>

struct greeting {
  std::string name;
};

template <class Inspector>
bool inspect(Inspector& f, greeting& x) {
  return libagent::record(f, x, "greeting", libagent::field("name", x.name));
}

int main() {
  std::string json;
  libagent::append_json(json, greeting{"you"});
}
