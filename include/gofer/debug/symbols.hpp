// The function that an address lies in, out of the symbol table of the file it was loaded from: dladdr() knows the
// exported functions only, and a program exports next to none. Stripped files give none.
//
// Files are mapped when first asked for, and stay so, with their names, which the loader frees at dlclose(). Uses no heap;
// takes the loader's lock, and one of its own that is given up after a moment, since whoever holds it may be the thread
// that reports an error.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <gofer/base/sanitizer.hpp>
#include <gofer/base/spin_lock.hpp>
#include <gofer/debug/mapped.hpp>

namespace gofer::inline v1::debug {

struct Symbol {
    const char* name = nullptr;    // as the linker knows it; null: not known
    const char* module = nullptr;  // the file; empty: the program
    std::uintptr_t offset = 0;     // in the file's address space, as addr2line takes it
};

/// The symbols of one file.
class SymbolFile {
public:
    /// False: there is no such file, or it is not one of this machine's.
    bool open(const char* path) noexcept {
        const int file = ::open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0) return false;
        struct stat status {};
        if (::fstat(file, &status) == 0) size_ = static_cast<std::size_t>(status.st_size);
        void* mapped = size_ ? ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0) : MAP_FAILED;
        ::close(file);
        if (mapped == MAP_FAILED) return false;
        begin_ = static_cast<const char*>(mapped);
        return find_table(SHT_SYMTAB) || find_table(SHT_DYNSYM);
    }

    const char* find(std::uintptr_t offset) const noexcept {
        for (std::size_t i = 0; i < count_; ++i) {
            const auto& s = symbols_[i];
            if (offset - s.st_value >= s.st_size || (s.st_info & 0xf) != STT_FUNC || s.st_name >= names_size_) continue;
            return names_ + s.st_name;
        }
        return nullptr;
    }

private:
    using Header = ElfW(Ehdr);
    using Section = ElfW(Shdr);

    template <class T>
    const T* at(std::size_t offset, std::size_t count = 1) const noexcept {
        const bool inside = offset <= size_ && count <= (size_ - offset) / sizeof(T) && offset % alignof(T) == 0;
        return inside ? reinterpret_cast<const T*>(begin_ + offset) : nullptr;
    }
    bool find_table(std::uint32_t type) noexcept {
        const auto* header = at<Header>(0);
        if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return false;
        if (header->e_ident[EI_CLASS] != (sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32)) return false;
        const auto* sections = at<Section>(header->e_shoff, header->e_shnum);
        for (unsigned i = 0; sections && i < header->e_shnum; ++i) {
            const Section& table = sections[i];
            if (table.sh_type != type || table.sh_link >= header->e_shnum) continue;
            const Section& names = sections[table.sh_link];
            symbols_ = at<ElfW(Sym)>(table.sh_offset, table.sh_size / sizeof(ElfW(Sym)));
            names_ = at<char>(names.sh_offset, names.sh_size);
            names_size_ = names.sh_size;
            count_ = symbols_ && names_ && names_size_ && names_[names_size_ - 1] == '\0'
                         ? table.sh_size / sizeof(ElfW(Sym))
                         : 0;
            return count_ > 0;
        }
        return false;
    }

    const char* begin_ = nullptr;
    std::size_t size_ = 0;
    const ElfW(Sym)* symbols_ = nullptr;
    std::size_t count_ = 0;
    const char* names_ = nullptr;
    std::size_t names_size_ = 0;
};

class Symbols {
public:
    [[gnu::visibility("default")]] static Symbols& instance() noexcept {
        static constinit Symbols symbols;
        return symbols;
    }

    /// About a linear search through the file's symbols; what was asked for lately is remembered.
    Symbol find(const void* address) noexcept {
        const base::EngineRegion engine;
        if (!lock_.try_lock(2000)) return {};
        const Symbol found = find_locked(address);
        lock_.unlock();
        return found;
    }

private:
    struct Known {
        const void* address = nullptr;
        Symbol symbol;
    };
    /// A file that was loaded there, once. In a mapping of its own, which stays.
    struct Module {
        static constexpr std::size_t longest = 3072; // of a name

        Module* next = nullptr;
        std::uintptr_t base = 0;
        SymbolFile symbols;
        bool usable = false;
        char name[longest];
    };
    struct Search {
        std::uintptr_t address;
        char* name; // room for Module::longest
        std::uintptr_t base = 0;
        std::uint64_t changes = 0; // of what is loaded, since the beginning
        bool found = false;
    };

    /// Under the loader's lock, without which the name may go.
    static int look_at(dl_phdr_info* info, std::size_t, void* argument) {
        auto& search = *static_cast<Search*>(argument);
        search.changes = info->dlpi_adds + info->dlpi_subs;
        for (unsigned i = 0; i < info->dlpi_phnum; ++i) {
            const auto& segment = info->dlpi_phdr[i];
            if (segment.p_type != PT_LOAD) continue;
            if (search.address - info->dlpi_addr - segment.p_vaddr >= segment.p_memsz) continue;
            const char* name = info->dlpi_name ? info->dlpi_name : "";
            std::size_t length = 0;
            for (; name[length] && length < Module::longest - 1; ++length) search.name[length] = name[length];
            search.name[length] = '\0';
            search.base = info->dlpi_addr;
            search.found = true;
            return 1;
        }
        return 0;
    }

    Symbol find_locked(const void* address) noexcept {
        Search search{reinterpret_cast<std::uintptr_t>(address), sought_};
        ::dl_iterate_phdr(&look_at, &search);
        if (std::exchange(changes_, search.changes) != search.changes) lately_.fill({});
        if (!search.found) return {};
        Known& known = lately_[search.address / 2 % lately_.size()];
        if (known.address != address) known = {address, look_up(search)};
        return known.symbol;
    }

    Symbol look_up(const Search& search) noexcept {
        const std::uintptr_t offset = search.address - search.base;
        const Module* module = module_of(search);
        if (!module) return {nullptr, "??", offset};
        return {module->usable ? module->symbols.find(offset) : nullptr, module->name, offset};
    }

    /// Null: no memory.
    Module* module_of(const Search& search) noexcept {
        for (Module* m = modules_; m; m = m->next)
            if (m->base == search.base && std::strcmp(m->name, search.name) == 0) return m;
        auto* added = map_new<Module>();
        if (!added) return nullptr;
        std::strcpy(added->name, search.name);
        added->base = search.base;
        added->usable = added->symbols.open(*search.name ? search.name : "/proc/self/exe");
        added->next = std::exchange(modules_, added);
        return added;
    }

    base::SpinLock lock_;
    std::array<Known, 256> lately_{};
    std::uint64_t changes_ = 0; // as of lately_
    Module* modules_ = nullptr;
    char sought_[Module::longest] = {};
};

} // namespace gofer::inline v1::debug
