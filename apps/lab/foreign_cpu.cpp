#include "apps/lab/foreign_cpu.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <unistd.h>

namespace libagent::lab {

namespace {

struct process_use {
  int parent = 0;
  std::uint64_t ticks = 0;
};

/// One line of /proc/PID/stat; see proc(5). The name, in parentheses, may hold anything.
process_use use_of_process(int pid) {
  std::ifstream in{"/proc/" + std::to_string(pid) + "/stat"};
  std::string line;
  std::getline(in, line);
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos)
    return {};
  std::istringstream rest{line.substr(name_end + 1)};
  process_use use;
  std::string skipped;
  rest >> skipped >> use.parent;
  for (int field = 5; field <= 13; ++field)
    rest >> skipped;
  for (int field = 14; field <= 17;
       ++field) {  // Own user and system time, and waited-for children's.
    std::uint64_t ticks = 0;
    rest >> ticks;
    use.ticks += ticks;
  }
  return use;
}

std::map<int, process_use> all_processes() {
  std::map<int, process_use> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc", ignored}) {
    const auto name = entry.path().filename().string();
    int pid = 0;
    const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (failure == std::errc{} && end == name.data() + name.size())
      found[pid] = use_of_process(pid);
  }
  return found;
}

bool descends_from(const std::map<int, process_use>& all, int pid, int ancestor) {
  // Bounded: a process that ended between two reads could close a circle of reused numbers.
  for (int depth = 0; depth < 64 && pid > 1; ++depth) {
    if (pid == ancestor)
      return true;
    const auto found = all.find(pid);
    if (found == all.end())
      return false;
    pid = found->second.parent;
  }
  return false;
}

std::uint64_t own_ticks() {
  const auto all = all_processes();
  std::uint64_t sum = 0;
  for (const auto& [pid, use] : all) {
    if (descends_from(all, pid, getpid()))
      sum += use.ticks;
  }
  return sum;
}

}  // namespace

foreign_cpu_meter::foreign_cpu_meter() : begin_{read()} {}

double foreign_cpu_meter::percent() const {
  const auto now = read();
  const auto all = static_cast<double>(now.all - begin_.all);
  if (all <= 0)
    return 0;
  const auto busy = static_cast<double>(now.busy - begin_.busy);
  const auto own = static_cast<double>(now.own - begin_.own);
  return std::max(0.0, busy - own) / all * 100;
}

foreign_cpu_meter::reading foreign_cpu_meter::read() {
  std::ifstream in{"/proc/stat"};
  std::string label;
  in >> label;
  reading now;
  // user nice system idle iowait irq softirq steal; what follows is part of user and nice.
  for (int field = 0; field < 8; ++field) {
    std::uint64_t ticks = 0;
    in >> ticks;
    now.all += ticks;
    if (field != 3 && field != 4)
      now.busy += ticks;
  }
  now.own = own_ticks();
  return now;
}

}  // namespace libagent::lab
