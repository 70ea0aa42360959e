#pragma once

#include "actors/domain/waiting_line.hpp"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <map>
#include <utility>

namespace rota {

/// Jobs that wait, each with what its owner knows of it (`T`), in lines of one
/// demand each. Empty lines vanish. Pure.
template <class T>
class waiting_lines {
public:
  using line = std::deque<T>;

  /// Jobs in all lines.
  size_t size() const {
    return size_;
  }

  bool empty() const {
    return size_ == 0;
  }

  size_t lines() const {
    return lines_.size();
  }

  /// Who stands first in a line; null if nobody does.
  const T* first_of(const line_key& x) const {
    const auto i = lines_.find(x);
    return i == lines_.end() ? nullptr : &i->second.front();
  }

  /// Lets a job wait behind all others of its line.
  void push(const line_key& x, T job) {
    lines_[x].push_back(std::move(job));
    ++size_;
  }

  /// Takes out all those for whom `f(T&)` is true.
  template <class F>
  void erase_if(F f) {
    for (auto i = lines_.begin(); i != lines_.end();) {
      size_ -= std::erase_if(i->second, f);
      i = i->second.empty() ? lines_.erase(i) : std::next(i);
    }
  }

  /// Takes out the first for whom `f(T&)` is true.
  template <class F>
  void erase_first(F f) {
    for (auto i = lines_.begin(); i != lines_.end(); ++i) {
      auto& jobs = i->second;
      const auto at = std::find_if(jobs.begin(), jobs.end(), f);
      if (at == jobs.end())
        continue;
      jobs.erase(at);
      --size_;
      if (jobs.empty())
        lines_.erase(i);
      return;
    }
  }

  /// Visits so many lines in turn, beginning behind `last`: each call of
  /// `f(line&)` may take jobs out, and says whether the next visit is to begin
  /// behind this line.
  template <class F>
  void visit(line_key& last, size_t most, F f) {
    auto i = lines_.upper_bound(last);
    for (auto left = std::min(most, lines_.size()); left > 0; --left) {
      if (i == lines_.end())
        i = lines_.begin();
      const auto before = i->second.size();
      if (f(i->second))
        last = i->first;
      size_ -= before - i->second.size();
      i = i->second.empty() ? lines_.erase(i) : std::next(i);
    }
  }

  /// Calls `f(const T&)` for the first of each line, in turn, beginning behind
  /// `last`, until that says false.
  template <class F>
  void for_each_first(const line_key& last, F f) const {
    const auto begin = lines_.upper_bound(last);
    for (auto i = begin; i != lines_.end(); ++i)
      if (!f(i->second.front()))
        return;
    for (auto i = lines_.begin(); i != begin; ++i)
      if (!f(i->second.front()))
        return;
  }

  /// Calls `f(const T&)` for each job, line by line.
  template <class F>
  void for_each(F f) const {
    for (const auto& [key, jobs] : lines_)
      for (const auto& x : jobs)
        f(x);
  }

private:
  std::map<line_key, line> lines_;
  size_t size_ = 0;
};

} // namespace rota
