// The program that all headers are linked into.
int main() {}
