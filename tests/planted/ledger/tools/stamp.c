/* stamp FILE TEXT: writes TEXT and a newline to FILE. */

#include <stdio.h>

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    FILE *file = fopen(argv[1], "w");
    if (file == NULL)
        return 1;
    fprintf(file, "%s\n", argv[2]);
    return fclose(file) == 0 ? 0 : 1;
}
